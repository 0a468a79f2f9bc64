"""The current user's part of Windows' registry. Tried on a fake one only."""

import importlib
from typing import Any


def value(key: str) -> str | None:
    """The text that `key` holds by default; None where there is none."""
    winreg = _winreg()
    try:
        with winreg.OpenKey(winreg.HKEY_CURRENT_USER, key) as opened:
            found, kind = winreg.QueryValueEx(opened, "")
    except FileNotFoundError:
        return None
    return found if kind == winreg.REG_SZ else None


def put(key: str, text: str) -> None:
    """Makes `key`, and what is missing above it, and has it hold `text`.

    Raises:
        OSError: it may not be written.
    """
    winreg = _winreg()
    with winreg.CreateKeyEx(winreg.HKEY_CURRENT_USER, key, 0, winreg.KEY_WRITE) as opened:
        winreg.SetValueEx(opened, "", 0, winreg.REG_SZ, text)


def remove(key: str) -> None:
    """Removes `key`, and the one above it if nothing else is in that.

    Raises:
        OSError: it may not be removed.
    """
    winreg = _winreg()
    try:
        winreg.DeleteKey(winreg.HKEY_CURRENT_USER, key)
    except FileNotFoundError:
        return
    above = key.rpartition("\\")[0]
    with winreg.OpenKey(winreg.HKEY_CURRENT_USER, above) as opened:
        keys, values, _ = winreg.QueryInfoKey(opened)
    if not keys and not values:
        winreg.DeleteKey(winreg.HKEY_CURRENT_USER, above)


def _winreg() -> Any:
    # Part of Python on Windows alone, and typed there alone.
    return importlib.import_module("winreg")
