"""`for batch in cockpit(loader)`: the screen beside a training loop that is not ours."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Sized
from types import TracebackType
from typing import TYPE_CHECKING, Any, Generic, TypeVar, cast

from tui.complaint import complain
from tui.onscreen import missing_terminal
from tui.ride.beside import POSSIBLE
from tui.ride.session import Session

if TYPE_CHECKING:
    from torch import Tensor
    from torch.optim import Optimizer

    from core.loops.loop import Evaluate

Batch = TypeVar("Batch")

_PROMPTS = (
    "an interactive interpreter wants its terminal back, and only `with cockpit(...) as batches` "
    "says when"
)

_session: Session | None = None
_said = False


def cockpit(
    loader: Iterable[Batch],
    *,
    optimizer: Optimizer | None = None,
    evaluate: Evaluate | None = None,
) -> Ride[Batch]:
    """The batches of a loader, with the screen beside them, on which one sees and steers.

    It may stand within a loop over epochs, or before it: the screen is the same. `optimizer` is
    otherwise the first that makes a step. `evaluate` is called at the end of each epoch, and
    returns the test loss, or that and the accuracy, a share of 1.

    Without a terminal they are just the batches, after one line on standard error. So they are in
    an interactive interpreter, whose prompt wants the terminal back, unless `with` says when.
    """
    global _session
    if _session is None or _session.closed:
        if _missing():
            return Ride(loader, None)
        _session = Session(optimizer, evaluate)
    return Ride(loader, None if _session.loop.iterating else _session)


def _missing() -> bool:
    """Whether there can be no screen."""
    missing = missing_terminal() if POSSIBLE else "it needs Linux or macOS"
    if missing:
        _say(missing)
    return bool(missing)


def _say(missing: str) -> None:
    """Say what keeps a loop from the screen, once."""
    global _said
    if not _said:
        _said = True
        complain(f"no screen: {missing}; the loop runs without it")


def _prompts() -> bool:
    """Whether an interpreter's prompt is next: of python -i, of python alone, of IPython."""
    return bool(sys.flags.inspect) or hasattr(sys, "ps1")


class Ride(Generic[Batch]):
    """A loader's batches; whatever else is asked of it, the loader answers.

    With `with`, the screen closes at the end of the block.
    """

    def __init__(self, loader: Iterable[Batch], session: Session | None) -> None:
        self._loader = loader
        self._session = session
        self._closes = False  # at the end of a block

    def __iter__(self) -> Iterator[Batch]:
        session = self._session
        if session and _prompts() and not self._closes:
            _say(_PROMPTS)
            session = None
        return session.iterate(self._loader) if session else iter(self._loader)

    def __len__(self) -> int:
        return len(cast(Sized, self._loader))

    def __getattr__(self, name: str) -> Any:
        return getattr(self._loader, name)

    def __enter__(self) -> Ride[Batch]:
        self._closes = True
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        fault: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def loss(self, value: Tensor | float) -> None:
        """The loss of the update under way, where it is not the number `backward` is called of."""
        if self._session:
            self._session.loop.tally.witness.tell(value)

    def close(self) -> None:
        """Close the screen; the loop goes on without."""
        if self._session:
            self._session.close()
