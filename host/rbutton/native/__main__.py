"""What the installed launcher starts, and through it the browser."""

import argparse
import logging
import sys
from pathlib import Path

from rbutton import __version__
from rbutton.native.channel import Channel
from rbutton.native.serve import serve
from rbutton.person.home import Home


def main() -> int:
    """Serve the browser that started this process."""
    parser = argparse.ArgumentParser(prog="rbutton-host", description=__doc__)
    parser.add_argument("--version", action="version", version=__version__)
    parser.add_argument("--home", type=Path, help="one folder for everything")
    parser.add_argument("--config", type=Path, help="the folder of terms.toml")
    parser.add_argument("--data", type=Path, help="the folder of the ledger")
    # The browser adds its extension's origin (Chromium) or a manifest path and an id (Firefox).
    options, _ = parser.parse_known_args()
    if options.home:
        home = Home.in_one_folder(options.home)
    elif options.config and options.data:
        home = Home(options.config, options.data, portable=False)
    elif options.config or options.data:
        parser.error("--config and --data go together")
    else:
        # Installed for everyone on the machine: the person is whoever's browser started it.
        home = Home.of_environment()
    logging.basicConfig(level=logging.INFO, format="rbutton: %(message)s", stream=sys.stderr)
    serve(Channel.of_process(), home)
    return 0


if __name__ == "__main__":
    sys.exit(main())
