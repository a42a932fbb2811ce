"""The panel of one test example: large, with all that the network says of it."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.getters import query_one

from core.snapshot import Digits, Numbers, RunView
from tui.display import RIGHT
from tui.format import count
from tui.widgets.example_view import ExampleView
from tui.widgets.miss_view import MissView, told
from tui.widgets.panel import Panel
from tui.widgets.verdict import class_name, verdict

_DIGITS = tuple("0123456789")


class DigitPanel(Panel):
    """One test example and how sure the network is of each class, live while it trains.

    Where numbers are told: what they are, and by how much each is missed.
    """

    TITLE = "Example"
    LOOKS_BACK = True

    view = query_one(ExampleView)
    misses = query_one(MissView)

    _said: Digits | Numbers | None = None
    _place = 0

    def compose(self) -> ComposeResult:
        yield ExampleView(self._display)
        misses = MissView(self._display)
        misses.display = False
        yield misses

    def on_mount(self) -> None:
        self.app.theme_changed_signal.subscribe(self, lambda _theme: self._draw())

    def show(self, run: RunView) -> None:
        self._said = run.digits
        self._draw()

    def select(self, place: int) -> None:
        """Show the example at `place` among those of the predictions panel."""
        self._place = place
        self._draw()

    def _draw(self) -> None:
        said, place = self._said, self._place
        self.misses.display = isinstance(said, Numbers)
        self.view.display = not self.misses.display
        self.view.show(said if isinstance(said, Digits) else None, place)
        self.misses.show(said if isinstance(said, Numbers) else None, place)
        if said is None or place >= len(said.indices):
            self.entitle(self.TITLE)
            self.report("")
            return
        kind = "Digit" if isinstance(said, Digits) and _are_digits(said) else self.TITLE
        self.entitle(f"{kind} {count(said.indices[place])}")
        facts = self._miss(said) if isinstance(said, Numbers) else self._verdict(said)
        self.report(self._display.text(facts))

    def _verdict(self, digits: Digits) -> str:
        """What it is, and what it is taken for if that is something else."""
        said = verdict(digits, self._place)
        truth, judged = class_name(digits, said.truth), class_name(digits, said.judged)
        mark = said.look.mark(self._display.ascii)
        return f"{mark} {truth}" if said.look is RIGHT else f"{mark} {truth}, taken for {judged}"

    def _miss(self, numbers: Numbers) -> str:
        if len(numbers.targets) > 1:
            return ""
        _, _, miss, _ = told(numbers, self._place, 0)
        return f"miss {miss}"


def _are_digits(digits: Digits) -> bool:
    return digits.images is not None and digits.classes == _DIGITS
