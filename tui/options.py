"""The command line's options, made from the same tables that feed the panels and the checks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import click
from click.shell_completion import CompletionItem

from core.config import SETTINGS, STOP_CONDITIONS
from core.errors import UserError
from core.optimizers.table import HYPERPARAMETERS, OPTIMIZERS
from core.settings import Choice, Flag, Kind, Number, Optional, Setting, Whole, Widths, refuse
from tui.display import Display
from tui.sources import ENVIRONMENT, place

OPTIMIZER_SETTINGS = ("optimizer", *HYPERPARAMETERS, "schedule", "warmup", "decay", "decay_epochs")


@dataclass(frozen=True, slots=True)
class FileName:
    """The name of a file."""

    allowed: str = "the name of a file"

    def parse(self, text: object) -> str:
        if not isinstance(text, str) or not text.strip() or "\0" in text:
            raise refuse(text, self.allowed)
        return text

    def write(self, value: str) -> str:
        return value


@dataclass(frozen=True, slots=True)
class ThemeName:
    """The name of a theme. Those that are not the app's own are Textual's, which only it knows."""

    allowed: str = "dark, light, or the name of another of the palette's themes, such as nord"

    @property
    def names(self) -> tuple[str, ...]:
        from tui import themes  # brings Textual

        return themes.NAMES

    def parse(self, text: object) -> str:
        return Choice(self.names).parse(text)

    def write(self, value: str) -> str:
        return value


_METAVARS = {
    Number: "X",
    Whole: "N",
    Choice: "NAME",
    ThemeName: "NAME",
    Widths: "N,N,...",
    FileName: "FILE",
}
_DISPLAY = Display()

# What the screen can be told, but for the run that it shows.
SCREEN = {
    setting.name: setting
    for setting in (
        Setting("start", Flag(), False, "begin to train at once"),
        Setting("quit", Flag(), False, "leave when a stop condition is met"),
        Setting("ascii", Flag(), _DISPLAY.ascii, "no braille, no half-blocks, no box drawing"),
        Setting("mouse", Flag(), _DISPLAY.mouse, "let the mouse steer too"),
        Setting("fps", Whole(1, 60), _DISPLAY.fps, "frames a second at most"),
        Setting("theme", ThemeName(), "dark", "the colours"),
    )
}
SUMMARY = Setting(
    "summary", Optional(FileName()), None, "write the summary of the run to a file, as JSON"
)
JSON = Setting("json", Flag(), False, "print the summary as one JSON object, the last line")

# All that the config file may hold.
KNOWN = {**SETTINGS, **HYPERPARAMETERS, **SCREEN, "summary": SUMMARY, "json": JSON}


class SettingOption(click.Option):
    """An option for one setting, read through the setting's own kind from wherever it came."""

    def __init__(self, setting: Setting, section: str) -> None:
        self.setting = setting
        self.section = section
        switch = isinstance(setting.kind, Flag)
        off = f"/--no-{setting.flag.removeprefix('--')}" if switch else ""
        super().__init__(
            [setting.name, setting.flag + off],
            envvar=ENVIRONMENT + setting.name.upper(),
            metavar=None if switch else _METAVARS[type(_inner(setting.kind))],
            help=_help(setting),
            shell_complete=_complete,
        )

    def type_cast_value(self, ctx: click.Context, value: Any) -> Any:
        """The checked value; a UserError says where it was read."""
        if value is None:  # not given: so click before 8.4 puts it
            return None
        try:
            return self.setting.parse(value)
        except UserError as fault:
            raise fault.at(place(ctx, self, value)) from None


def _inner(kind: Kind) -> Kind:
    return kind.kind if isinstance(kind, Optional) else kind


def _complete(_ctx: click.Context, option: click.Parameter, begun: str) -> list[CompletionItem]:
    """What the shell may offer once an option's value is `begun`."""
    assert isinstance(option, SettingOption)
    kind = _inner(option.setting.kind)
    if isinstance(kind, FileName):
        return [CompletionItem(begun, type="file")]
    names = kind.names if isinstance(kind, Choice | ThemeName) else ()
    return [CompletionItem(name) for name in names if name.startswith(begun)]


def _help(setting: Setting) -> str:
    """Meaning, what is allowed and the default, in one sentence."""
    said = setting.meaning
    if not isinstance(setting.kind, Flag):
        said += f": {setting.kind.allowed}"
    if setting.name in HYPERPARAMETERS:
        return f"{said} [{_defaults_by_optimizer(setting.name)}]"
    return f"{said} [default: {setting.kind.write(setting.default)}]"


def _defaults_by_optimizer(name: str) -> str:
    """What each optimizer that has the hyperparameter starts from: "0.9 for adam nadam"."""
    defaults: dict[str, list[str]] = {}
    for optimizer in OPTIMIZERS.values():
        for row in optimizer.hyperparameters:
            if row.name == name:
                defaults.setdefault(row.kind.write(row.default), []).append(optimizer.name)
    each = (f"{value} for {' '.join(names)}" for value, names in defaults.items())
    return f"default: {', '.join(each)}"


def run_options() -> list[click.Parameter]:
    """What a run can be told, by the sections of the help."""
    stops = [SETTINGS[name] for name in STOP_CONDITIONS]
    optimizer = [{**SETTINGS, **HYPERPARAMETERS}[name] for name in OPTIMIZER_SETTINGS]
    run = [each for each in SETTINGS.values() if each not in stops and each not in optimizer]
    return [
        *(SettingOption(setting, "The run") for setting in run),
        *(SettingOption(setting, "The optimizer") for setting in optimizer),
        *(SettingOption(setting, "When to stop") for setting in stops),
    ]


def screen_options() -> list[click.Parameter]:
    return [SettingOption(setting, "The screen") for setting in SCREEN.values()]
