"""How many posts one visitor may make, without keeping who they are.

An address is looked at as a 16-bit keyed hash: some 65,000 IPv4 addresses share each of its values,
so that it names nobody. The key is in this process's memory alone, and another one every day.
"""

import ipaddress
import math
import os
import threading
from array import array
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import blake2b
from time import monotonic

_DAY = 86_400.0
_BUCKETS = 2**16


@dataclass(frozen=True)
class Rate:
    """What one visitor may post to one worker process.

    Attributes:
        burst: posts at once.
        per_minute: posts a minute in the long run.
    """

    burst: int = 60
    per_minute: int = 60

    def __post_init__(self) -> None:
        if self.burst < 1 or self.per_minute < 1:
            raise ValueError("a rate has at least one post at once, and one a minute")


class Limit:
    """Counts the posts of one worker process, in half a megabyte whatever comes.

    The generic cell rate algorithm: a bucket keeps one moment, the one at which its visitor has
    made up for all posts so far.
    """

    def __init__(self, rate: Rate, clock: Callable[[], float] = monotonic) -> None:
        self._interval = 60.0 / rate.per_minute
        self._ahead = self._interval * (rate.burst - 1)
        self._clock = clock
        self._lock = threading.Lock()
        self._renew(clock())

    def wait(self, address: str) -> int:
        """Seconds after which `address` may post, 0 where it may now: then this post is counted."""
        now = self._clock()
        with self._lock:
            if now - self._since >= _DAY:
                self._renew(now)
            bucket = self._bucket(address)
            made_up = max(self._made_up[bucket], now)
            early = made_up - now - self._ahead
            # A millionth for what adding fractions loses.
            if early > 1e-6:
                return math.ceil(early)
            self._made_up[bucket] = made_up + self._interval
            return 0

    def _bucket(self, address: str) -> int:
        digest = blake2b(_network(address), key=self._key, digest_size=2).digest()
        return int.from_bytes(digest, "big")

    def _renew(self, now: float) -> None:
        self._since = now
        self._key = os.urandom(32)
        self._made_up = array("d", bytes(8 * _BUCKETS))


def _network(address: str) -> bytes:
    """What of an address stands for one visitor: in IPv6, who has one has all of its /64."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return address.encode()
    if isinstance(parsed, ipaddress.IPv6Address):
        return (parsed.ipv4_mapped or ipaddress.IPv6Address(parsed.packed[:8] + bytes(8))).packed
    return parsed.packed
