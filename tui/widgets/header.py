"""The line at the top: what is trained, on what, by what, and what it is doing."""

from __future__ import annotations

from textual.content import Content

from core.snapshot import RunView, Snapshot, State
from tui import format as fmt
from tui.display import STATE_LOOKS, Display
from tui.widgets.fit import cut, fullest
from tui.widgets.lines import Lines

Part = tuple[str, str]


class Header(Lines):
    """Facts on the left, of which the last ones give way when it is narrow; state on the right."""

    def __init__(self, display: Display) -> None:
        super().__init__(id="header")
        self._display = display
        self._snapshot = Snapshot()

    def show(self, snapshot: Snapshot) -> None:
        """Draw the state of the run, or of what is being loaded."""
        self._snapshot = snapshot
        if not self.size.width:
            return
        run = snapshot.run
        state = self._state(snapshot)
        room = self.size.width - state.cell_length - 1
        several = len(snapshot.runs) > 1
        name, *facts = _facts(run, named=several)
        facts = self._trouble(snapshot, room - len(name[0])) or self._replay(run) or facts
        left = Content.assemble(*_fitting([name, *facts], room))
        self.write(left.pad_right(max(1, room - left.cell_length)) + state)

    def on_resize(self) -> None:
        self.show(self._snapshot)

    def _trouble(self, snapshot: Snapshot, room: int) -> list[Part]:
        """What keeps the selected run, or another, from being saved: more urgent than facts."""
        selected_first = sorted(snapshot.runs, key=lambda run: run.id != snapshot.selected)
        for run in selected_first:
            saving = run.saving
            if saving and saving.trouble:
                named = f"{run.name} " if run.id != snapshot.selected else ""
                said = f"  {named}{saving.trouble}"
                last = f"last saved at update {fmt.count(saving.at.updates)}" if saving.at else ""
                full = f"{said}; {last}" if last else f"{said}; nothing of it is saved"
                said = fullest(room, *map(self._display.text, (full, said)))
                return [(cut(said, room, self._display.ascii), "bold $error")]
        return []

    def _replay(self, run: RunView | None) -> list[Part]:
        """How far a replay is, and whether the weights are those of the recording."""
        script = run.script if run else None
        if script is None:
            return []
        times = "x" if self._display.ascii else "×"
        speed = "" if script.speed is None else f" {times}{script.speed:g}"
        done = f"{fmt.clock(script.seconds)} of {fmt.clock(script.of)}"
        of = f"{script.compared} hash{'' if script.compared == 1 else 'es'} of the weights"
        same = f"{script.different} of {of} differ" if script.different else f"{of} the same"
        told = f"  replay{speed}  {done}" + ("  over" if script.over else "")
        more = f"   {same}" if script.compared else ""
        style = "$error" if script.different else "$foreground-muted"
        return [(told, "bold"), (more, style), (f"   {script.source}", "$foreground-muted")]

    def _state(self, snapshot: Snapshot) -> Content:
        run = snapshot.run
        without = State.FAILED if snapshot.error else State.LOADING
        state = run.state if run else without
        look = STATE_LOOKS[state]
        sign = look.mark(self._display.ascii)
        epoch = f"epoch {run.at.epoch:,.2f}   " if run else ""
        word = f"{sign} {state.value.upper():<8}"
        return Content.assemble(
            epoch, (word, f"bold {look.colour.on(dark=self.app.current_theme.dark)}")
        )


def _facts(run: RunView | None, *, named: bool) -> list[Part]:
    name = (" gd-tui ", "bold $primary")
    if run is None:
        return [name, ("  the cockpit for gradient descent", "$foreground-muted")]
    if run.loop:
        return [
            name,
            (f"  {run.model_title}", ""),
            (f"   {run.data.title} {fmt.count(run.training_examples)}", ""),
            (f"   {run.device}", "$foreground-muted"),
        ]
    threads = "1 thread" if run.threads == 1 else f"{run.threads} threads"
    return [
        name,
        (f"  {run.name}" if named else "", "bold"),
        (f"  {run.model_title}", ""),
        (f"   {run.data.title} {fmt.count(run.training_examples)}", ""),
        (f"   {run.device}, {run.residence}, {run.stepper}", "$foreground-muted"),
        (f" ({run.slower_because})" if run.slower_because else "", "$foreground-muted"),
        (f", {threads}", "$foreground-muted"),
    ]


def _fitting(parts: list[Part], room: int) -> list[Part]:
    """As many of the parts, from the first, as there is room for."""
    kept = list(parts)
    while len(kept) > 1 and sum(len(text) for text, _ in kept) > room:
        kept.pop()
    return kept
