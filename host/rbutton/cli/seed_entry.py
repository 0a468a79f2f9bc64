"""Takes the seed out of the keyring: what `install_host.py --uninstall --purge` cannot do itself.

`python -m rbutton.cli.seed_entry`, and no command of `rbutton`: nobody should type it alone.
"""

import sys

from rbutton.cli.commands import DONE, NOT_SET_UP
from rbutton.person.errors import PersonError
from rbutton.person.home import Home
from rbutton.person.seed import Seed


def main() -> int:
    """Remove the entry of this home; say whether there was one.

    Returns:
        The exit code.
    """
    try:
        removed = Seed(Home.of_environment()).remove()
    except PersonError as error:
        print(error.message, file=sys.stderr)
        return NOT_SET_UP
    print("removed" if removed else "none")
    return DONE


if __name__ == "__main__":
    sys.exit(main())
