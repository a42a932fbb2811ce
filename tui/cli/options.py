"""The command line's options, made from the same tables that feed the panels and the checks."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import click
from click.shell_completion import CompletionItem

from core.config import OF_THE_DATA, SETTINGS, STOP_CONDITIONS
from core.errors import UserError
from core.kinds import Arguments, DeviceName, Size, Widths
from core.naming import DataName, ModelName
from core.optimizers.table import HYPERPARAMETERS, OPTIMIZERS
from core.racing.race import DEFAULT_BUDGET, BudgetKind
from core.saving.naming import OWN
from core.saving.plan import DEFAULT_SECONDS
from core.settings import (
    Choice,
    Flag,
    Kind,
    Number,
    Optional,
    Setting,
    Text,
    Whole,
    refuse,
)
from tui.cli.layers import Given, Layer
from tui.cli.sources import ENVIRONMENT, place
from tui.display import Display

# What is said of the user's own network and data, under a heading of its own in the help.
OWN_SETTINGS = ("model_arg", "loss", *(name for name in OF_THE_DATA if name != "data"))
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
class FolderName(FileName):
    """The name of a folder."""

    allowed: str = "the name of a folder"


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


@dataclass(frozen=True, slots=True)
class Several:
    """One or more values of a kind, each once."""

    kind: Kind

    @property
    def allowed(self) -> str:
        return f"{self.kind.allowed}, or several of them separated by commas, or none"

    def parse(self, text: object) -> tuple[Any, ...]:
        parts: Iterable[object] = text if isinstance(text, tuple | list) else str(text).split(",")
        parts = [part for part in parts if str(part).strip().lower() not in ("", "none")]
        return tuple(dict.fromkeys(map(self.kind.parse, parts)))

    def write(self, value: tuple[Any, ...]) -> str:
        return ",".join(map(self.kind.write, value)) or "none"


_METAVARS = {
    Number: "X",
    Whole: "N",
    Choice: "NAME",
    ThemeName: "NAME",
    Widths: "N,N,...",
    FileName: "FILE",
    FolderName: "DIR",
    BudgetKind: "CLOCK:X",
    ModelName: "NAME",
    DataName: "NAME",
    DeviceName: "NAME",
    Arguments: "NAME=VALUE",
    Size: "N[xN]",
    Text: "NAME",
}
_WITH_NAMES = (Choice, ThemeName, ModelName, DataName, DeviceName)
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
# What becomes of a run beside its training.
SAVING = {
    setting.name: setting
    for setting in (
        Setting("runs", Optional(FolderName(), "your data directory"), None, "where runs are kept"),
        Setting("save", Flag(), True, "save runs, so that they can go on whatever happens"),
        Setting(
            "autosave",
            Number(0, 86_400, open_low=True),
            DEFAULT_SECONDS,
            "seconds from one save to the next; every change is saved at once",
        ),
        Setting("keep_running", Flag(), False, "go on without a screen when the line is dropped"),
        Setting(
            "tensorboard", Optional(FolderName()), None, "write TensorBoard's files while it trains"
        ),
    )
}
SUMMARY = Setting(
    "summary", Optional(FileName()), None, "write the summary of the run to a file, as JSON"
)
JSON = Setting("json", Flag(), False, "print the summary as one JSON object, the last line")
CSV = Setting("csv", Flag(), False, "print the runs as CSV, the names of the columns first")

# What `gd-tui race` can be told beyond what a run can.
RACE = {
    setting.name: setting
    for setting in (
        Setting(
            "strategies",
            Several(SETTINGS["strategy"].kind),
            (),
            "race these strategies, all three where nothing else is to be raced",
        ),
        Setting(
            "batch_sizes",
            Several(SETTINGS["batch_size"].kind),
            (),
            "race mini-batches of these sizes",
        ),
        Setting("optimizers", Several(SETTINGS["optimizer"].kind), (), "race these optimizers"),
        Setting(
            "learning_rates", Several(HYPERPARAMETERS["lr"].kind), (), "race these learning rates"
        ),
        Setting("budget", BudgetKind(), DEFAULT_BUDGET, "what each run may spend"),
        Setting("seeds", Whole(1), 1, "race so many times, with the seed, the next one, ..."),
    )
}
# Of a run's settings, those that mean nothing in a race: its budget decides when it ends.
NOT_OF_A_RACE = (*STOP_CONDITIONS, "speed")

# All that the config file may hold.
KNOWN = {
    **SETTINGS,
    **HYPERPARAMETERS,
    **SCREEN,
    **SAVING,
    **RACE,
    "summary": SUMMARY,
    "json": JSON,
    "csv": CSV,
}


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
            metavar=None if switch else _metavar(setting.kind),
            multiple=isinstance(setting.kind, Arguments),
            help=_help(setting),
            shell_complete=_complete,
        )

    def type_cast_value(self, ctx: click.Context, value: Any) -> Any:
        """The checked value; a UserError says where it was read."""
        if value is None:  # not given: so click before 8.4 puts it
            return None
        if self.multiple and not value:
            return None
        try:
            return self.setting.parse(value)
        except UserError as fault:
            raise fault.at(place(ctx, self, value)) from None


def _inner(kind: Kind) -> Kind:
    return kind.kind if isinstance(kind, Optional | Several) else kind


def _metavar(kind: Kind) -> str:
    one = _METAVARS[type(_inner(kind))]
    return f"{one},{one},..." if isinstance(kind, Several) else one


def _complete(_ctx: click.Context, option: click.Parameter, begun: str) -> list[CompletionItem]:
    """What the shell may offer once an option's value is `begun`."""
    assert isinstance(option, SettingOption)
    kind = _inner(option.setting.kind)
    if isinstance(kind, FileName):
        return [CompletionItem(begun, type="dir" if isinstance(kind, FolderName) else "file")]
    names = kind.names if isinstance(kind, _WITH_NAMES) else ()
    before, comma, last = (
        begun.rpartition(",") if isinstance(option.setting.kind, Several) else ("", "", begun)
    )
    known = [CompletionItem(before + comma + name) for name in names if name.startswith(last)]
    if isinstance(kind, DataName | ModelName) and not known:
        return [CompletionItem(begun, type="file")]
    return known


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
    stops = [SettingOption(SETTINGS[name], "When to stop") for name in STOP_CONDITIONS]
    return [*_settings_of_a_run(without=STOP_CONDITIONS), *stops]


def racer_options() -> list[click.Parameter]:
    """What a run in a race can be told."""
    return _settings_of_a_run(without=NOT_OF_A_RACE)


def _settings_of_a_run(without: Sequence[str]) -> list[click.Parameter]:
    optimizer = [{**SETTINGS, **HYPERPARAMETERS}[name] for name in OPTIMIZER_SETTINGS]
    left_out = (*OPTIMIZER_SETTINGS, *OWN_SETTINGS, *without)
    run = [setting for name, setting in SETTINGS.items() if name not in left_out]
    own = [SETTINGS[name] for name in OWN_SETTINGS]
    return [
        *(SettingOption(setting, "The run") for setting in run),
        *(SettingOption(setting, "Your own network and data") for setting in own),
        *(SettingOption(setting, "The optimizer") for setting in optimizer),
    ]


def race_options() -> list[click.Parameter]:
    return [SettingOption(setting, "The race") for setting in RACE.values()]


def screen_options() -> list[click.Parameter]:
    return [SettingOption(setting, "The screen") for setting in SCREEN.values()]


def saving_options(*, goes_on: bool = False) -> list[click.Parameter]:
    """How runs are saved; one that goes on is saved in any case."""
    left_out = ("save",) if goes_on else ()
    return [SettingOption(s, "Saving") for s in SAVING.values() if s.name not in left_out]


def own_options() -> list[click.Parameter]:
    """Where the user's own network and data are: for a run that was saved."""
    return [SettingOption(SETTINGS[name], "Your own network and data") for name in OWN]


def named_own(values: Mapping[str, Given]) -> dict[str, str]:
    """What was named so, as flags; the environment and the file speak of new runs."""
    flags = {name: values[name] for name in OWN if name in values}
    return {name: each.value for name, each in flags.items() if each.layer is Layer.FLAG}


def stop_options() -> list[click.Parameter]:
    """When a run is to stop: for one that goes on, and only as flags."""
    return [SettingOption(SETTINGS[name], "When to stop") for name in STOP_CONDITIONS]


def values_of(settings: Mapping[str, Setting], given: Mapping[str, Given]) -> dict[str, Any]:
    """The value of each of these settings: the one given, or the default."""
    return {n: given[n].value if n in given else s.default for n, s in settings.items()}
