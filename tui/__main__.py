"""`python -m tui` is `gd-tui`; in a folder with a package tui of its own, `python -m gd_tui` is."""

from __future__ import annotations

import os
import sys
import threading
from contextlib import suppress

import gd_tui  # noqa: F401  (first: it sees to it that `core` is ours)
from core.reading import reading


def main() -> int:
    """Read the command line and do what it says; the exit status."""
    with reading():
        from tui.cli.command import main as gd_tui
    status = gd_tui()
    if any(thread.name == "engine" for thread in threading.enumerate()):
        # Still importing, or deep in a kernel: Python's own end would tear that apart, and abort.
        for stream in (sys.stdout, sys.stderr):
            with suppress(OSError, ValueError):
                stream.flush()
        os._exit(status)
    return status


if __name__ == "__main__":
    sys.exit(main())
