"""`python -m gd_tui` is `gd-tui`, also where the current folder has a package called tui."""

from __future__ import annotations

import sys

import gd_tui

if __name__ == "__main__":
    sys.exit(gd_tui.main())
