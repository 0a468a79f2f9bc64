#!/usr/bin/env python3
"""Installs the r-button's host, or shows a demo of it: `python3 install_host.py --help`.

It needs Python 3.11 and nothing else. The work is in `host/rbutton/browsers`; this file is kept
so plain that an older Python can read it and say what is wrong.
"""

import os
import sys

if sys.version_info < (3, 11):  # noqa: UP036 - this is where an older one is told
    sys.stderr.write(
        "The r-button needs Python 3.11 or newer; this is Python %s (%s).\n"  # noqa: UP031
        "Run it with a newer one, for instance: python3.11 install_host.py\n"
        % (sys.version.split()[0], sys.executable)
    )
    sys.exit(3)

if not sys.platform.startswith(("linux", "darwin", "win32")):
    sys.stderr.write(
        "The r-button cannot be installed on %s: only on Linux, macOS and Windows.\n"  # noqa: UP031
        % sys.platform
    )
    sys.exit(3)

CHECKOUT = os.path.dirname(os.path.abspath(__file__))  # noqa: PTH100, PTH120 - as above

sys.dont_write_bytecode = True  # the checkout is only read
sys.path.insert(0, os.path.join(CHECKOUT, "host"))  # noqa: PTH118 - as above

if __name__ == "__main__":
    from pathlib import Path

    from rbutton.browsers.command import main

    sys.exit(main(Path(CHECKOUT)))
