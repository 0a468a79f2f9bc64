"""`python -m rbutton.cli`."""

import sys

from rbutton.cli import main

sys.exit(main())
