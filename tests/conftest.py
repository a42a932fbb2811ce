"""How the tests are shared out."""

from __future__ import annotations

import os

import pytest
from hypothesis import settings

settings.register_profile("suite", max_examples=50)
settings.load_profile("suite")


def pytest_xdist_auto_num_workers(config: pytest.Config) -> int:  # noqa: ARG001
    """One worker more than there are cores: many tests wait, for a terminal or for a process."""
    return (os.cpu_count() or 1) + 1
