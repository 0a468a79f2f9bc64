"""Ten thousand ⊃ subdomains of one owner against the real host: what they cost it."""

from pathlib import Path

from tests.host_process import Host
from tests.sites import Site
from tests.visiting import kinds, negotiate, offer, visit

SUBDOMAINS = 10_000
#: Stated in docs/threat-model.md.
GROWTH_KB = 32 * 1024


def _rss(running: Host) -> int:
    """Its resident memory, kB."""
    status = Path(f"/proc/{running.process.pid}/status").read_text("ascii")
    (line,) = (line for line in status.splitlines() if line.startswith("VmRSS:"))
    return int(line.split()[1])


def test_ten_thousand_subdomains_cost_one_proffer(home: Path, running: Host) -> None:
    """Each is visited with its policy; each tenth is touched, and each hundredth's is large."""
    negotiate(running, "touch", Site(origin="https://www.flood.test"))
    before = kinds(home)
    visit(running)
    rss = _rss(running)
    many = {"accepts": [f"{number}-{'x' * 900}" for number in range(60)]}
    for number in range(SUBDOMAINS):
        site = Site(origin=f"https://n{number}.flood.test")
        view = visit(running, site, **(many if number % 100 == 0 else {}))
        assert (view["reason"], view["offer"]) == ("not-offered", None)
        assert "asked already" in view["text"]
        if number % 10 == 0:
            assert offer(running, "touch", site)[0] is None
    assert kinds(home) == before == ["policy", "proffer", "sent", "sealed"]
    assert _rss(running) - rss <= GROWTH_KB
