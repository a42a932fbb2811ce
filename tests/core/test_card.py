"""What is trained on a device of its own is never mixed with what lies on the processor."""

from __future__ import annotations

import subprocess
import sys

import pytest
import torch


@pytest.mark.skipif(not hasattr(torch._C, "_acc"), reason="this torch has no devices in Python")
@pytest.mark.parametrize("how", ["autograd", "own", "streamed", "graphs"])
def test_a_whole_session_on_a_device_that_is_not_the_processor(how: str) -> None:
    program = [sys.executable, "-m", "tests.core.on_a_card", how]
    ended = subprocess.run(program, capture_output=True, text=True, timeout=300, check=False)
    assert ended.stdout == "done\n", ended.stderr
