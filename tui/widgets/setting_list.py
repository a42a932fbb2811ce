"""A list of settings in a panel: up and down choose a row, left and right nudge its value."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding
from textual.content import Content
from textual.events import Click, Resize
from textual.message import Message
from textual.widgets import Static

from core.commands import Change, Command, Reset
from core.config import SETTINGS, RunConfig, check_batch_size
from core.errors import UserError
from core.optimizers.table import HYPERPARAMETERS
from core.settings import Choice, Flag, Setting, Whole
from core.snapshot import RunView
from tui.nudges import nudge
from tui.widgets.lines import Lines
from tui.widgets.panel import Panel
from tui.widgets.value_editor import ValueEditor
from tui.writing import written

EDITOR = 6  # lines that an editor takes with a long answer below it
ROOMY = 16  # lines from which the meaning of the row in focus is spelled out below


@dataclass(frozen=True, slots=True)
class Row:
    """A setting as one line shows it: `title`, then its value with the `unit` beside it."""

    setting: Setting
    value: object
    title: str
    unit: str = ""

    @property
    def text(self) -> str:
        return written(self.setting, self.value) + (self.unit if self.value is not None else "")

    @property
    def can_nudge(self) -> bool:
        return self.setting.live


def row(config: RunConfig, name: str, *, title: str = "", unit: str = "") -> Row:
    """The row of a setting, or of a hyperparameter that the current optimizer has."""
    if name in HYPERPARAMETERS:
        setting: Setting = config.optimizer_spec.hyperparameter(name)
        return Row(setting, config.hyperparameters[name], title or setting.title, unit)
    setting = SETTINGS[name]
    return Row(setting, getattr(config, name), title or setting.title, unit)


class SettingList(Panel):
    """A panel of settings. Enter types a value in place, or opens a choice of names.

    Nothing is sent that the run's configuration does not take: a value that it refuses is
    answered with the reason, and the old one stays.
    """

    KEYS = "arrows, enter"
    KEYS_HELP = (
        ("up down", "choose a setting"),
        ("left right", "give the setting the value before or after"),
        ("enter", "type a value, or choose one by name"),
    )
    BINDINGS = [
        Binding("up", "move(-1)", "previous setting"),
        Binding("down", "move(1)", "next setting"),
        Binding("left", "nudge(-1)", "less"),
        Binding("right", "nudge(1)", "more"),
        Binding("enter", "edit", "type a value"),
    ]

    class Choose(Message):
        """The person wants to see every choice for a setting."""

        def __init__(self, setting: Setting) -> None:
            super().__init__()
            self.setting = setting

    _run: RunView | None = None
    _rows: Sequence[Row] = ()
    _cursor = 0
    _top = 0
    _meaning = ""

    def compose(self) -> ComposeResult:
        yield Lines(classes="body")
        yield Static(classes="meaning", markup=False)

    def rows(self, run: RunView) -> Iterable[Row]:
        """The settings to list now, from the top."""
        raise NotImplementedError

    def show(self, run: RunView) -> None:
        if self._run is not None and run.id != self._run.id and self.query(ValueEditor):
            self._close_editor()  # what is typed there was meant for the other run
            self.focus()
        self._run = run
        rows = tuple(self.rows(run))
        if rows != self._rows:
            self._rows = rows
            self._cursor = min(self._cursor, len(rows) - 1)
            self._draw()

    def select(self, name: str) -> bool:
        """Put the cursor on the setting of this name; False if it is not listed here."""
        for place, each in enumerate(self._rows):
            if each.setting.name == name:
                self._cursor = place
                self._draw()
                return True
        return False

    @property
    def selected(self) -> Row | None:
        return self._rows[self._cursor] if self._rows else None

    def action_move(self, step: int) -> None:
        self._cursor = max(0, min(self._cursor + step, len(self._rows) - 1))
        self._draw()

    def action_nudge(self, direction: int) -> None:
        chosen = self.selected
        if self._run and chosen and chosen.can_nudge:
            run, name = self._run, chosen.setting.name
            self._ask(lambda: nudge(run, name, direction))

    def _ask(self, command_for: Callable[[], Command | None]) -> None:
        """Send the command, if there is one, or say why it cannot be."""
        try:
            command = command_for()
        except UserError as fault:
            self.notify(str(fault), severity="warning", markup=False)
        else:
            if command is not None:
                self.post_message(self.Asked(command))

    def action_edit(self) -> None:
        chosen = self.selected
        if chosen is None:
            return
        match chosen.setting.kind:
            case Choice():
                self.post_message(self.Choose(chosen.setting))
            case Flag():
                self._ask(lambda: self._command(chosen.setting.name, not chosen.value))
            case _:
                self._open_editor(chosen)

    def _command(self, name: str, value: object) -> Command:
        """The command that sets a value; raises UserError if the configuration refuses it."""
        assert self._run is not None
        if name == "seed":
            return Reset(SETTINGS["seed"].parse(value))
        changed = self._run.config.changed(name, value)
        if name == "batch_size":
            check_batch_size(changed.batch_size, self._run.data)
        settled = (
            changed.hyperparameters[name] if name in HYPERPARAMETERS else getattr(changed, name)
        )
        return Change(name, settled)

    def _open_editor(self, chosen: Row) -> None:
        self._close_editor()
        editor = ValueEditor(
            chosen.setting,
            chosen.value,
            self._allowed(chosen.setting),
            check=lambda text: self._command(chosen.setting.name, text),
        )
        self.mount(editor)
        place = self._cursor - self._top
        editor.styles.offset = (0, min(place, max(0, self.size.height - EDITOR)))

    def _allowed(self, setting: Setting) -> str:
        """What may be typed, and what comes of it where that is more than the new value."""
        assert self._run is not None
        if setting.name == "batch_size":
            return Whole(1, self._run.training_examples).allowed
        allowed = setting.kind.allowed
        return f"{allowed}; the run begins again with it" if setting.name == "seed" else allowed

    def _close_editor(self) -> None:
        for editor in self.query(ValueEditor):
            editor.remove()

    @on(ValueEditor.Done)
    def _finish_editing(self, message: ValueEditor.Done) -> None:
        message.stop()
        self._close_editor()
        self.focus()
        if message.command is not None:
            self.post_message(self.Asked(message.command))

    def watch_has_focus(self, focused: bool) -> None:
        super().watch_has_focus(focused)
        self._draw()

    def on_resize(self, event: Resize) -> None:
        self.set_class(event.size.height >= ROOMY, "-roomy")
        self._draw()

    def on_click(self, event: Click) -> None:
        place = event.get_content_offset(self)
        if place is not None and self._top + place.y < len(self._rows):
            self._cursor = self._top + place.y
            self._draw()

    def _draw(self) -> None:
        if not self._rows:
            return
        lines = self.query_one(".body", Lines)
        height = max(1, lines.size.height)
        self._top = min(max(self._top, self._cursor - height + 1), self._cursor)
        shown = self._rows[self._top : self._top + height]
        lines.write(
            *(
                self._line(each, lines.size.width, self._top + place == self._cursor)
                for place, each in enumerate(shown)
            )
        )
        self._explain(self._rows[self._cursor].setting.meaning if self.has_focus else "")

    def _explain(self, meaning: str) -> None:
        if meaning != self._meaning:
            self._meaning = meaning
            self.query_one(".meaning", Static).update(meaning, layout=False)

    def _line(self, each: Row, width: int, chosen: bool) -> Content:
        active = chosen and self.has_focus
        left, right = ("<", ">") if self._display.ascii else ("◂", "▸")
        before, after = (left, right) if active and each.can_nudge else (" ", " ")
        text = self._display.text(each.text)
        gap = " " * max(1, width - len(each.title) - len(text) - 3)
        line = Content.assemble(
            (f" {each.title}", "" if active else "$foreground-muted"),
            gap,
            (before, "$primary"),
            (text, "bold"),
            (after, "$primary"),
        )
        cursor = "$block-cursor-foreground on $block-cursor-background"
        return line.stylize(cursor) if active else line
