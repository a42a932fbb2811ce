"""A process that is told to end does so, whether or not its app comes back."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading

import pytest

from tui.interruption import Interruption
from tui.watchdog import Watchdog

DEAF_APP = """
import signal, threading
from tui import watchdog
from tui.interruption import Interruption

watchdog.GRACE_SECONDS = 0.01
with Interruption() as interruption:
    said = lambda text: lambda: print(text, flush=True)
    watchdog.Watchdog(interruption, leave=said("leave"), abandon=said("abandon")).start()
    signal.raise_signal(signal.SIGTERM)
    threading.Event().wait()
"""


def unwanted() -> None:
    raise AssertionError


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_asks_the_app_to_leave(number: signal.Signals) -> None:
    asked = threading.Event()
    with Interruption() as interruption:
        watchdog = Watchdog(interruption, asked.set, unwanted)
        watchdog.start()
        signal.raise_signal(number)
        assert asked.wait(30)
        watchdog.call_off()


def test_an_app_that_does_not_come_back_is_abandoned() -> None:
    ended = subprocess.run([sys.executable, "-c", DEAF_APP], capture_output=True, text=True)
    assert ended.returncode == 130, ended.stderr
    assert ended.stdout.split() == ["leave", "abandon"]
