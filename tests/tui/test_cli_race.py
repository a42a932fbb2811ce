"""`gd-tui race` as it is typed: who takes part, on what budget, and what is refused."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from core.racing.race import Budget
from core.snapshot import Clock
from tests.test_house import HEAVY, packages_after
from tests.tui.cli_helpers import Call
from tui.headless.racing import Form, Plan

Planned = Callable[..., Plan]


@pytest.fixture
def ordered(monkeypatch: pytest.MonkeyPatch) -> list[tuple[Plan, Form]]:
    """What was to be raced, and printed: nothing is trained."""
    plans: list[tuple[Plan, Form]] = []

    def run(_engine: object, plan: Plan, form: Form) -> int:
        plans.append((plan, form))
        return 0

    monkeypatch.setattr("tui.headless.racing.run", run)
    return plans


@pytest.fixture
def planned(call: Call, ordered: list[tuple[Plan, Form]]) -> Planned:
    """`planned("--seeds", "3")`: the race that such a command line means."""

    def planned(*args: str) -> Plan:
        said = call("race", *args)
        assert said.status == 0, said
        return ordered[-1][0]

    return planned


def names(plan: Plan) -> list[str]:
    return [lane.name for lane in plan.lanes]


def test_the_three_strategies_race_for_ten_training_seconds(planned: Planned) -> None:
    plan = planned()
    assert names(plan) == ["batch", "stochastic", "mini-batch 64"]
    assert plan.budget == Budget(Clock.SECONDS, 10.0)
    assert plan.seeds == 1


@pytest.mark.parametrize(
    ("args", "lanes"),
    [
        (["--strategies", "mini-batch,batch"], ["mini-batch 64", "batch"]),
        (["--batch-size", "8"], ["batch", "stochastic", "mini-batch 8"]),
        (["--batch-sizes", "8,512"], ["mini-batch 8", "mini-batch 512"]),
        (["--batch-sizes", "8, 8"], ["mini-batch 8"]),
        (["--optimizers", "sgd,adam"], ["SGD", "Adam"]),
        (["--learning-rates", "0.1,0.01"], ["lr 0.1", "lr 0.01"]),
        (["--strategies", "none"], ["batch", "stochastic", "mini-batch 64"]),
        (
            ["--strategies", "batch,mini-batch", "--batch-sizes", "8,64"],
            ["batch", "mini-batch 8", "mini-batch 64"],
        ),
        (
            ["--strategies", "mini-batch", "--batch-sizes", "8,64"],
            ["mini-batch 8", "mini-batch 64"],
        ),
        (
            ["--strategies", "batch,stochastic", "--optimizers", "sgd,adam"],
            ["batch, SGD", "batch, Adam", "stochastic, SGD", "stochastic, Adam"],
        ),
    ],
)
def test_lists_make_a_lane_for_every_combination(
    planned: Planned, args: list[str], lanes: list[str]
) -> None:
    assert names(planned(*args)) == lanes


def test_what_is_set_for_all_holds_in_every_lane(planned: Planned) -> None:
    plan = planned("--strategy", "mini-batch", "--optimizers", "sgd,adam", "--seed", "7")
    assert [lane.config.optimizer for lane in plan.lanes] == ["sgd", "adam"]
    assert {(lane.config.strategy, lane.config.seed) for lane in plan.lanes} == {("mini-batch", 7)}


def test_a_learning_rate_holds_for_optimizers_too_which_else_have_their_own(
    planned: Planned,
) -> None:
    plan = planned("--optimizers", "sgd,adam")
    assert [lane.config.learning_rate for lane in plan.lanes] == [0.01, 0.001]
    plan = planned("--optimizers", "sgd,adam", "--lr", "0.05")
    assert [lane.config.learning_rate for lane in plan.lanes] == [0.05, 0.05]


def test_each_race_has_the_next_seed_in_all_its_lanes(planned: Planned) -> None:
    heats = list(planned("--seed", "5", "--seeds", "3", "--budget", "updates:500").heats())
    seeds = [{heat.config.seed, *(lane.config.seed for lane in heat.lanes)} for heat in heats]
    assert seeds == [{5}, {6}, {7}]
    assert {heat.budget for heat in heats} == {Budget(Clock.UPDATES, 500.0)}


def test_a_race_can_be_set_up_in_the_environment_and_in_the_config_file(
    planned: Planned, config_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config_file.write_text("batch-sizes = [8, 64]\nbudget = 'examples:60,000'\nseeds = 3\n")
    monkeypatch.setenv("GD_TUI_SEEDS", "2")
    plan = planned()
    assert names(plan) == ["mini-batch 8", "mini-batch 64"]
    assert (plan.budget, plan.seeds) == (Budget(Clock.EXAMPLES, 60_000.0), 2)


@pytest.mark.parametrize(
    ("file", "args", "lanes"),
    [
        ("strategy = 'batch'", [], ["batch", "stochastic", "mini-batch 64"]),
        ("epochs = 3\nspeed = 10", [], ["batch", "stochastic", "mini-batch 64"]),
        ("batch_size = 8", ["--strategies", "batch"], ["batch"]),
        ("strategy = 'batch'", ["--batch-sizes", "8"], ["mini-batch 8"]),
        ("optimizer = 'adam'\nmomentum = 0.9", ["--optimizers", "sgd,muon"], ["SGD", "Muon"]),
        ("optimizers = 'sgd,adam'", ["--optimizer", "muon", "--strategies", "batch"], ["batch"]),
        ("batch_sizes = [8]", ["--strategies", "batch"], ["batch"]),
    ],
)
def test_what_does_not_fit_gives_way_in_the_lower_layer(
    planned: Planned, config_file: Path, file: str, args: list[str], lanes: list[str]
) -> None:
    config_file.write_text(file)
    plan = planned(*args)
    assert names(plan) == lanes
    assert not any(lane.config.stops or lane.config.speed for lane in plan.lanes)


@pytest.mark.parametrize(
    ("args", "form"),
    [([], "table"), (["--json"], "json"), (["--csv"], "csv"), (["--json", "--no-csv"], "json")],
)
def test_the_table_is_printed_in_the_form_that_was_asked_for(
    call: Call, ordered: list[tuple[Plan, Form]], args: list[str], form: str
) -> None:
    call("race", *args)
    assert ordered[-1][1] == form


def test_a_form_asked_for_by_flag_beats_another_in_the_config_file(
    call: Call, ordered: list[tuple[Plan, Form]], config_file: Path
) -> None:
    config_file.write_text("json = true")
    call("race", "--csv")
    assert ordered[-1][1] == "csv"


@pytest.mark.parametrize(
    ("args", "complaint"),
    [
        (
            ["--budget", "10"],
            "budget: '10' is not allowed: it must be seconds:X, examples:N or upd",
        ),
        (["--budget", "epochs:1"], "each above 0, such as seconds:10 (from --budget)"),
        (["--budget", "updates:0"], "'updates:0' is not allowed"),
        (
            ["--strategies", "foo"],
            "'foo' is not allowed: it must be one of batch, stochastic, mini",
        ),
        (["--strategies", "batch,stokastic"], "(did you mean stochastic?) (from --strategies)"),
        (["--learning-rates", "0.1,fast"], "'fast' is not allowed: it must be a number above 0"),
        (["--seeds", "0"], "seeds: '0' is not allowed: it must be a whole number of at least 1"),
        (["--seed", "9223372036854775807", "--seeds", "2"], "807 (from --seeds)"),
        (["--batch-sizes", "60001"], "the training examples of MNIST (from --batch-sizes)"),
        (["--batch-size", "60001"], "the training examples of MNIST (from --batch-size)"),
        (
            ["--learning-rates", "1,2,3", "--optimizers", "sgd,adam,muon"],
            "9 runs in one race are too many: there may be 8 (from --optimizers, --learning-rates)",
        ),
        (
            ["--strategies", "batch,mini-batch", "--batch-sizes", "1,2,3,4,5,6,7,8"],
            "9 runs in one race are too many: there may be 8 (from --strategies, --batch-sizes)",
        ),
        (
            ["--batch-sizes", "64", "--strategies", "batch"],
            "batch sizes: only mini-batch has one, and --strategies leaves it out; add it there "
            "(from --batch-sizes)",
        ),
        (["--batch-size", "64", "--strategies", "batch"], "add it there (from --batch-size)"),
        (["--batch-size", "8", "--batch-sizes", "64"], "give one of the two (from --batch-size)"),
        (["--strategy", "batch", "--batch-sizes", "64"], "to race both, name them in --strategie"),
        (["--lr", "1", "--learning-rates", "2"], "--learning-rates says what is raced; give one"),
        (["--strategy", "batch"], "strategy: it leaves nothing to race; name those that race by"),
        (["--optimizers", "sgd", "--momentum", "0.9"], "from their own defaults, but for the lear"),
        (["--json", "--csv"], "csv: only one of --json and --csv can be printed (from --csv)"),
        (["--epochs", "3"], "'--epochs': there is no such option"),
        (["--speed", "3"], "'--speed': there is no such option"),
        (["--summary", "run.json"], "'--summary': there is no such option"),
        (["--budgt", "updates:3"], "there is no such option (did you mean --budget?)"),
    ],
)
def test_bad_input_is_answered_in_one_line(call: Call, args: list[str], complaint: str) -> None:
    assert complaint in call("race", *args).complaint


@pytest.mark.parametrize("args", [["--epochs", "3"], ["--speed", "9"], ["--summary", "x.json"]])
def test_what_means_nothing_in_a_race_is_refused_before_the_command_too(
    call: Call, args: list[str]
) -> None:
    complaint = call(*args, "race").complaint
    assert "it means nothing in a race" in complaint
    assert complaint.endswith(f"(from {args[0]})")


def test_a_list_in_the_config_file_is_blamed_with_its_line(call: Call, config_file: Path) -> None:
    config_file.write_text("seed = 1\nbatch_sizes = [1, 2, 3, 4, 5, 6, 7, 8, 9]\n")
    assert call("race").complaint.endswith(f"there may be 8 (from {config_file}, line 2)")


def test_the_listing_of_settings_has_those_of_a_race(call: Call, config_file: Path) -> None:
    config_file.write_text("strategies = ['batch', 'mini-batch']\n")
    listed = call("config", "--budget", "updates:5").settings
    assert listed["strategies"] == f"batch,mini-batch ({config_file}, line 1)"
    assert listed["budget"] == "updates:5 (--budget)"
    assert listed["optimizers"] == "none (default)"


def test_help_names_the_options_of_a_race_and_no_stop_condition(call: Call) -> None:
    said = call("race", "--help")
    assert said.status == 0
    for flag in ("--strategies", "--budget", "--seeds", "--csv", "--eval-every", "--lr"):
        assert f"  {flag} " in said.out
    for flag in ("--epochs", "--target-accuracy", "--speed", "--summary"):
        assert f"  {flag} " not in said.out


@pytest.mark.parametrize(
    ("words", "offered"),
    [
        ("--strategies batch,sto", {"batch,stochastic"}),
        ("--optimizers adama", {"adamax"}),
        ("--optimizer sgd,ad", set()),
    ],
)
def test_the_shell_completes_the_last_name_of_a_list(
    call: Call,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    words: str,
    offered: set[str],
) -> None:
    monkeypatch.setenv("_GD_TUI_COMPLETE", "bash_complete")
    monkeypatch.setenv("COMP_WORDS", f"gd-tui race {words}")
    monkeypatch.setenv("COMP_CWORD", "3")
    with pytest.raises(SystemExit):
        call()
    assert {line.partition(",")[2] for line in capsys.readouterr().out.split()} == offered


def test_a_mistake_is_answered_without_torch_or_a_screen() -> None:
    imported = packages_after("from tui.cli.command import main; main(['race', '--budget', '10'])")
    assert not imported & (HEAVY | {"textual", "rich", "plotext"})
