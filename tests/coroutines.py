"""Coroutines beside Playwright."""

import asyncio
from collections.abc import Coroutine
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

_Result = TypeVar("_Result")


def run_apart(coroutine: Coroutine[object, object, _Result]) -> _Result:
    """What it returns, awaited in a thread of its own.

    Once started, Playwright keeps an event loop running in the tests' thread, and `asyncio.run`
    refuses to work beside it.
    """
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, coroutine).result()
