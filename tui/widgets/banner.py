"""The few lines that say why a run stands still, and which keys lead out."""

from __future__ import annotations

from textual.widgets import Static

from core.snapshot import RunView, State
from tui import format as fmt
from tui.display import Display
from tui.taking_back import FALLEN, said_of_z


class Banner(Static):
    """Shown over the panels after a divergence or an error, until the run is well again."""

    def __init__(self, display: Display) -> None:
        super().__init__(id="banner", markup=False)
        self._display = display
        self._said = ""

    def show(self, run: RunView, error: str) -> None:
        """Say what happened to the run; `error` is what ended the engine itself, if anything."""
        said = self._display.text(error or _advice(run))
        if said != self._said:
            self._said = said
            self.set_class(bool(said), "-shown")
            state = "the engine has stopped" if error else run.state.value
            self.border_title = f"{state} at update {fmt.count(run.at.updates)}"
            self.border_subtitle = "escape hides this"
            self.update(said)

    def hide(self) -> None:
        """Give the panels below their room again, until there is something else to say."""
        self.remove_class("-shown")


def _advice(run: RunView) -> str:
    """What happened and what to do about it; nothing while all is well."""
    if run.state not in FALLEN:
        return ""
    said = said_of_z(run)
    ways = [f"z  {said}"] if said else []
    if run.state is State.DIVERGED:
        ways.append("-  lowers the learning rate")
    ways.append("r  begins again from the same seed")
    return "\n".join([run.reason, *ways])
