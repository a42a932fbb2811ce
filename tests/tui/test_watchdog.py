"""A process that is told to end does so, whether or not its app comes back."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading

import pytest

from tui.interruption import Interruption
from tui.watchdog import Watchdog

DEAF_APP = """
import os, signal, threading
from tui import watchdog
from tui.interruption import Interruption

def say(text, then=lambda: None):
    print(text, flush=True)
    return then()

def fail():
    raise ValueError

watchdog.GRACE_SECONDS = {grace}
with Interruption(keep_running={keep_running}) as interruption:
    leave, abandon = (lambda: say("leave", {leave})), (lambda: say("abandon", {abandon}))
    with watchdog.Watchdog(interruption, leave, abandon):
        {then}
        threading.Event().wait()
"""
AT_ONCE, NEVER = 0.01, 1000


def deaf_app(
    *,
    grace: float = AT_ONCE,
    keep_running: bool = False,
    leave: str = "int",
    abandon: str = "lambda: 130",
    then: str = "signal.raise_signal(signal.SIGTERM)",
    stdin: int = subprocess.DEVNULL,
) -> subprocess.Popen[str]:
    """A process whose app does not heed its watchdog; each of the two is told as it is called."""
    told = {"grace": grace, "keep_running": keep_running, "leave": leave, "abandon": abandon}
    code = DEAF_APP.format(**told, then=then)
    pipe = subprocess.PIPE
    return subprocess.Popen(
        [sys.executable, "-c", code], stdin=stdin, stdout=pipe, stderr=pipe, text=True
    )


def unwanted() -> int:
    raise AssertionError


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_asks_the_app_to_leave(number: signal.Signals) -> None:
    asked = threading.Event()
    with Interruption() as interruption, Watchdog(interruption, asked.set, unwanted):
        signal.raise_signal(number)
        assert asked.wait(30)


@pytest.mark.skipif(not hasattr(signal, "SIGHUP"), reason="there is no such signal")
@pytest.mark.parametrize("keep_running", [False, True])
def test_a_dropped_line_closes_the_app_in_any_case(keep_running: bool) -> None:
    asked = threading.Event()
    with (
        Interruption(keep_running=keep_running) as interruption,
        Watchdog(interruption, asked.set, unwanted),
    ):
        signal.raise_signal(signal.SIGHUP)
        assert asked.wait(30)
        assert interruption.hung_up == keep_running
        assert interruption.asked != keep_running


@pytest.mark.parametrize("status", [0, 130])
def test_an_app_that_does_not_come_back_is_abandoned(status: int) -> None:
    ended = deaf_app(abandon=f"lambda: {status}")
    out, err = ended.communicate()
    assert ended.returncode == status, err
    assert out.split() == ["leave", "abandon"]


def test_whatever_fails_at_the_end_it_is_the_end() -> None:
    ended = deaf_app(leave="fail", abandon="fail")
    out, _ = ended.communicate()
    assert ended.returncode == 130
    assert out.split() == ["leave", "abandon"]


@pytest.mark.skipif(sys.platform == "win32", reason="it has no pty")
@pytest.mark.parametrize("keep_running", [False, True])
def test_without_a_terminal_the_app_is_not_waited_for(keep_running: bool) -> None:
    master, slave = os.openpty()
    then = "say('ready')"
    ended = deaf_app(grace=NEVER, keep_running=keep_running, then=then, stdin=slave)
    os.close(slave)
    assert ended.stdout
    assert ended.stdout.readline() == "ready\n"
    os.close(master)
    out, err = ended.communicate()
    assert ended.returncode == 130, err
    assert out.split() == ["leave", "abandon"]
