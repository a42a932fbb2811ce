"""`python -m tui` is `gd-tui`."""

import sys

from tui.cli import main

sys.exit(main())
