"""For all tests: core comes before torch, as it does in the app, since it says how torch waits."""

import core  # noqa: F401
