"""Where the files that come with the code are: `terms/` and `extension/`.

In a wheel they stand beside this module; in a checkout, at its top level.
"""

from pathlib import Path
from typing import Literal


def folder(name: Literal["terms", "extension"]) -> Path:
    """The shipped folder `name`.

    Raises:
        FileNotFoundError: it is neither beside this module nor at the top of a checkout.
    """
    here = Path(__file__).resolve().parent
    for candidate in (here / name, here.parents[2] / name):
        if candidate.is_dir():
            return candidate
    raise FileNotFoundError(f"{name}/ is missing from this installation: install it again")
