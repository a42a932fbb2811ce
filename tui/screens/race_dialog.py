"""The question before a race: who takes part, and what each of them may spend."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding
from textual.events import Click
from textual.getters import query_one
from textual.widgets import Input, OptionList, Static
from textual.widgets.option_list import Option

from core.commands import StartRace
from core.config import RunConfig
from core.errors import UserError
from core.racing.race import DEFAULT_BUDGET, BudgetKind, Lane, lanes, lanes_like
from core.settings import refuse
from core.snapshot import RunView
from core.strategies import STRATEGIES
from tui.screens.dialogs import Dialog
from tui.widgets.typed_line import TypedLine

_BUDGET = BudgetKind()
_ROOMY = 20  # lines from which there is room for empty ones


@dataclass(frozen=True, slots=True)
class _Field:
    """One thing that racers may differ in: its title, what is proposed, what is made of it."""

    title: str
    proposed: Sequence[str]
    lanes: Callable[[Sequence[str]], tuple[Lane, ...]]


def _fields(config: RunConfig, runs: Sequence[RunView]) -> list[_Field]:
    """What can be raced, each begun with a proposal that makes sense for these settings."""
    rate = config.learning_rate

    def by(name: str) -> Callable[[Sequence[str]], tuple[Lane, ...]]:
        return lambda chosen: lanes(config, {name: chosen})

    optimizers = dict.fromkeys([config.optimizer, "sgd", "rmsprop", "adam"])
    rates = [f"{rate * factor:.3g}" for factor in (0.1, 1.0, 10.0)]
    return [
        _Field("strategies", tuple(STRATEGIES), by("strategy")),
        _Field("optimizers", tuple(optimizers), by("optimizer")),
        _Field("learning rates", rates, by("lr")),
        _Field("batch sizes", ("1", "8", "64", "512"), by("batch_size")),
        _Field("these runs again", [each.name for each in runs], _again(config, runs)),
    ]


def _again(
    config: RunConfig, runs: Sequence[RunView]
) -> Callable[[Sequence[str]], tuple[Lane, ...]]:
    """Runs that are there, from the beginning, all with the same seed."""
    known = {each.name: each.config for each in runs}

    def chosen(names: Sequence[str]) -> tuple[Lane, ...]:
        if not names:
            raise UserError("nobody races: name at least one")
        for name in names:
            if name not in known:
                raise refuse(name, f"the name of a run: {', '.join(known)}")
        return lanes_like(config, {name: known[name] for name in names})

    return chosen


def _named(typed: str, proposed: Sequence[str]) -> list[str]:
    """What a list with commas names; what was proposed may have some itself: "mini-batch 1,024"."""
    whole = "|".join(re.escape(name) for name in sorted(proposed, key=len, reverse=True))
    found = re.findall(rf"\s*(?:({whole})\s*(?:,|$)|([^,]+))", typed)
    return [name for name in ((a or b).strip() for a, b in found) if name]


class _Fields(OptionList):
    """The fields to choose from: a click does no more than that, for Enter starts the race."""

    def on_click(self, event: Click) -> None:
        event.prevent_default()
        self.highlighted = event.style.meta.get("option", self.highlighted)


class RaceDialog(Dialog):
    """Enter starts the race as it stands; the arrows choose what the racers differ in."""

    BINDINGS = [  # at once, so that what is typed next goes there
        Binding("tab", "app.focus_next", "next line", priority=True),
        Binding("shift+tab", "app.focus_previous", "line before", priority=True),
    ]
    VERTICAL_BREAKPOINTS = [(0, "-low"), (_ROOMY, "-roomy")]

    who: query_one[Input] = query_one("#who", Input)
    budget: query_one[Input] = query_one("#budget", Input)

    def __init__(self, base: RunConfig, runs: Sequence[RunView]) -> None:
        super().__init__("race: the same start, an equal budget")
        self._fields = _fields(base, runs)
        self._field = self._fields[0]

    def body(self) -> ComposeResult:
        yield Static("who races?  up, down: choose", classes="label", markup=False)
        yield _Fields(*(Option(each.title) for each in self._fields), compact=True)
        yield TypedLine(", ".join(self._field.proposed), id="who", compact=True)
        yield Static("what may each spend?", classes="label", markup=False)
        yield TypedLine(str(DEFAULT_BUDGET), id="budget", compact=True)
        yield Static(
            "enter: start   tab: the next line\na budget: seconds:10, examples:60,000, updates:500",
            classes="answer",
            markup=False,
        )

    def on_mount(self) -> None:
        self.query_one(OptionList).focus()

    @on(OptionList.OptionHighlighted)
    def _propose(self, message: OptionList.OptionHighlighted) -> None:
        self._field = self._fields[message.option_index]
        self.who.value = ", ".join(self._field.proposed)

    @on(OptionList.OptionSelected)
    @on(Input.Submitted)
    def _start(self) -> None:
        named = _named(self.who.value, self._field.proposed)
        try:
            budget = _BUDGET.parse(self.budget.value)
            racers = self._field.lanes(named)
        except UserError as fault:
            self.add_class("-refused")
            self.query_one(".answer", Static).update(str(fault))
        else:
            self.dismiss(StartRace(racers, budget))
