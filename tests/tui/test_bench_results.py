"""What the benchmark tells: ratios, targets, and the same in JSON, lines and tables."""

from __future__ import annotations

import io
import json
import sys
from dataclasses import replace

import pytest

from tests.tui.cli_helpers import Call
from tui.bench import programme, report
from tui.bench.process import NO_TERMINAL, MissingError
from tui.bench.rates import Rate
from tui.bench.results import (
    AUTOGRAD,
    CHAPTER,
    FUSED,
    LIMIT,
    PLAIN,
    WHOLE,
    Figure,
    Results,
    Row,
    Target,
)


def row(size: int, optimizer: str = "sgd", **rates: float) -> Row:
    """A row in which each contender's two rounds have the given mean."""
    names = {name: WHOLE if name == "whole" else name for name in rates}
    return Row(
        size,
        optimizer,
        tuple(
            Rate(names[name], f"how {name} did it", (rate - 1, rate + 1))
            for name, rate in rates.items()
        ),
    )


ROWS = (
    row(1, chapter=2_000, plain=3_000, autograd=3_100, fused=120_000, limit=150_000),
    row(8, chapter=800, plain=3_000, autograd=3_100, fused=15_000, limit=40_000),
    row(64, chapter=120, plain=1_500, autograd=1_600, fused=2_700, limit=3_400),
    row(60_000, plain=2, whole=2.5, autograd=2.6, fused=3, limit=5),
    row(1, "adam", plain=2_000, autograd=2_100, fused=20_000),
)
FIGURES = (
    Figure("bytes to the terminal, paused", 0.0, "kB/s", "read for 3 s", Target(0.0, at_most=True)),
    Figure("first update", 3.5, "s", "from the command", Target(3.0, at_most=True)),
    Figure("peak memory, gd-tui run", 660.0, "MiB", "as the system tells"),
    Figure("first frame", None, "", NO_TERMINAL),
)
RESULTS = Results({"python": "3.11", "numba": None}, False, 200.0, ROWS, FIGURES)


def test_ratios_are_those_of_the_medians() -> None:
    assert ROWS[0].ours_over(CHAPTER) == 60.0
    assert ROWS[0].ours_over(PLAIN) == 40.0
    assert ROWS[3].ours_over(WHOLE) == pytest.approx(1.2)
    assert ROWS[3].ours_over(CHAPTER) is None


def test_the_best_plain_loop_is_the_whole_batch_at_once_where_that_is_faster() -> None:
    assert ROWS[3].ours_over(PLAIN) == ROWS[3].ours_over(WHOLE) == pytest.approx(1.2)
    assert row(60_000, plain=4, whole=2.5, fused=6).ours_over(PLAIN) == pytest.approx(1.5)


def test_ours_is_autograd_where_there_are_no_kernels() -> None:
    absent = Rate(FUSED, "not measured here: no numba here", ())
    without = replace(ROWS[1], rates=(*ROWS[1].rates[:3], absent))
    assert without.ours == 3_100
    assert without.ours_over(CHAPTER) == 3_100 / 800


def test_each_ratio_stands_beside_its_target_and_says_whether_it_was_met() -> None:
    told = {
        figure.what: (figure.target.bound, figure.met) for figure in RESULTS.ratios if figure.target
    }
    assert told == {
        "batch size 1, SGD: ours over the chapter's loop": (45.0, True),
        "batch size 1, Adam: ours over the best plain PyTorch loop": (8.0, True),
        "batch size 8, SGD: ours over the best plain PyTorch loop": (6.0, False),
        "batch size 64, SGD: ours over the chapter's loop": (18.0, True),
        "batch size 64, SGD: ours over the best plain PyTorch loop": (1.6, True),
        "full batch, SGD: ours over plain PyTorch's update of the whole batch": (1.2, True),
    }


@pytest.mark.parametrize(
    ("value", "target", "met"),
    [
        (0.96, Target(0.97), False),
        (0.97, Target(0.97), True),
        (50.0, Target(50.0, at_most=True), True),
        (50.1, Target(50.0, at_most=True), False),
        (None, Target(1.0), None),
        (3.0, None, None),
    ],
)
def test_a_target_is_met_at_its_bound_and_never_judged_unmeasured(
    value: float | None, target: Target | None, met: bool | None
) -> None:
    assert Figure("something", value, "ms", "somehow", target).met is met


@pytest.fixture
def measured(monkeypatch: pytest.MonkeyPatch) -> None:
    """Lets the command find the results above instead of measuring for minutes."""

    def measure(*, quick: bool, say: programme.Say) -> Results:
        say("nothing at all")
        return replace(RESULTS, quick=quick)

    monkeypatch.setattr(programme, "measure", measure)


@pytest.mark.usefixtures("measured")
def test_json_is_one_valid_and_complete_object(call: Call) -> None:
    said = call("bench", "--json", "--quick")
    assert said.status == 0
    told = json.loads(said.out, parse_constant=pytest.fail)
    assert told["quick"] is True
    assert (told["machine"], told["seconds"]) == (RESULTS.machine, RESULTS.seconds)
    assert [(each["batch_size"], each["optimizer"]) for each in told["rates"]] == [
        *((size, "sgd") for size in (1, 8, 64, 60_000)),
        (1, "adam"),
    ]
    first = told["rates"][0]
    assert set(first["contenders"]) == {CHAPTER, PLAIN, AUTOGRAD, FUSED, LIMIT}
    assert first["contenders"][PLAIN] == {
        "updates_per_second": 3_000.0,
        "rounds": [2_999.0, 3_001.0],
        "how": "how plain did it",
    }
    assert (first["ours_over_chapter"], first["ours_over_plain"]) == (60.0, 40.0)
    figures = {each["what"]: each for each in told["figures"]}
    assert set(figures) == {figure.what for figure in (*RESULTS.ratios, *FIGURES)}
    assert figures["first update"] == {
        "what": "first update",
        "value": 3.5,
        "unit": "s",
        "how": "from the command",
        "target": {"bound": 3.0, "at_most": True},
        "met": False,
    }
    assert figures["first frame"]["value"] is None


@pytest.mark.usefixtures("measured")
def test_plain_lines_tell_everything_and_what_is_under_way_goes_elsewhere(call: Call) -> None:
    said = call("bench")
    assert said.status == 0
    assert said.err == "gd-tui bench: nothing at all\n"
    lines = said.out.splitlines()
    assert "1, SGD: ours, fused = 120,000 updates/s (how fused did it)" in lines
    assert "1, SGD: ours / the chapter = 60.0 times" in lines
    assert "60,000, SGD: ours / the chapter = -" in lines
    assert "first update = 3.50 s; at most 3 s, not met (from the command)" in lines
    assert "peak memory, gd-tui run = 660 MiB (as the system tells)" in lines
    assert f"first frame = - ({NO_TERMINAL})" in lines
    assert lines[-1] == "measured in 3 min 20 s on python 3.11"


def test_on_a_terminal_there_are_tables_that_tell_the_same(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    screen = io.StringIO()
    monkeypatch.setattr(screen, "isatty", lambda: True)
    monkeypatch.setattr(sys, "stdout", screen)
    monkeypatch.setenv("COLUMNS", "200")
    report.show(RESULTS)
    told = screen.getvalue()
    for wanted in ("Updates per second", "120,000", "how plain did it", "60.0 times"):
        assert wanted in told
    for wanted in ("Beside the targets", "at least 45 times", "at most 3 s", "not measured here"):
        assert wanted in told


def test_a_part_that_cannot_be_measured_says_why_and_the_others_go_on() -> None:
    def failing() -> list[Figure]:
        raise MissingError("not measured: a first frame did not show")

    (told,) = programme._attempt("first frame", failing)
    assert (told.what, told.value) == ("first frame", None)
    assert told.how == "not measured: a first frame did not show"


def test_without_terminals_the_rows_of_the_screen_say_what_they_need(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(programme, "has_terminals", lambda: False)
    monkeypatch.setattr(programme.memory, "can_tell", lambda: False)
    monkeypatch.setattr(programme.saving, "figures", lambda _place, _effort: [])
    told = list(programme._figures(None, None, lambda _what: None))  # type: ignore[arg-type]
    assert [figure.how for figure in told[:-1]] == [NO_TERMINAL] * 9
    assert told[-1].what == "peak memory"
    assert all(figure.value is None for figure in told)


def test_processes_are_started_away_from_the_settings_of_the_person(
    tmp_path: programme.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GD_TUI_BATCH_SIZE", "64")
    monkeypatch.setenv("NO_COLOR", "1")
    env = programme._environment(tmp_path)
    assert "GD_TUI_BATCH_SIZE" not in env
    assert "NO_COLOR" not in env
    assert env["TERM"] == "xterm-256color"
    assert programme.Path(env["GD_TUI_CONFIG"]).read_text() == ""
    assert programme.Path(env["GD_TUI_RUNS"]).parent == tmp_path
