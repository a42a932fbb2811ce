"""`python -m tui` is `gd-tui`."""

from __future__ import annotations

import sys

from core.reading import reading


def main() -> int:
    """Read the command line and do what it says; the exit status."""
    with reading():
        from tui.cli.command import main as gd_tui
    return gd_tui()


if __name__ == "__main__":
    sys.exit(main())
