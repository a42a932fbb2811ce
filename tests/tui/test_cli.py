"""The command line as somebody meets it: what it lists, completes and answers to a mistake."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.config import SETTINGS
from core.optimizers.table import HYPERPARAMETERS
from tests.test_house import HEAVY, packages_after
from tests.tui.cli_helpers import Call


@pytest.mark.parametrize("args", [["--help"], ["run", "-h"], ["config", "--help"]])
def test_help_names_every_setting_of_a_run(call: Call, args: list[str]) -> None:
    said = call(*args)
    assert said.status == 0
    for setting in [*SETTINGS.values(), *HYPERPARAMETERS.values()]:
        assert f"  {setting.flag} " in said.out


def test_help_says_what_is_allowed_and_what_the_default_is(call: Call) -> None:
    told = " ".join(call("--help").out.split())
    assert "--batch-size N examples in a mini-batch: a whole number of at least 1" in told
    assert "[default: 64]" in told
    assert "0.001 for adam adamw radam muon" in told
    assert "[default: 0.004 for nadam]" in told


def test_help_and_a_mistake_are_answered_without_torch_or_a_screen() -> None:
    for args in (["--help"], ["--lr", "x"], ["rum"]):
        imported = packages_after(f"from tui.cli.command import main; main({args})")
        assert not imported & (HEAVY | {"textual", "rich", "plotext"})


def test_the_version_is_told(call: Call) -> None:
    said = call("--version")
    assert said.status == 0
    assert said.out.startswith("gd-tui")


@pytest.mark.parametrize(
    ("args", "complaint"),
    [
        (["--sed", "3"], "'--sed': there is no such option (did you mean --seed?)"),
        (["run", "--quit"], "'--quit': there is no such option"),
        (["rum"], "'rum': there is no such command; there are run, data, race, runs, resume"),
        (["run", "fast"], "unexpected extra argument (fast)"),
        (["--seed"], "Option '--seed' requires an argument (from --seed)"),
        (["--batch-size", "0"], "'0' is not allowed: it must be a whole number of at least 1"),
        (["--batch-size", "60001"], "from 1 to 60,000, the training examples of MNIST (from --ba"),
        (["--strategy", "batch", "--batch-size", "8"], "choose mini-batch (from --batch-size)"),
        (["--lr", "-1"], "'-1' is not allowed: it must be a number above 0 up to 1,000 (from --lr"),
        (["--lr", "fast"], "learning rate: 'fast' is not allowed"),
        (["--lr=nan"], "learning rate: 'nan' is not allowed"),
        (["--seconds", "inf"], "seconds: 'inf' is not allowed: it must be a number above 0"),
        (["--epochs", "-1"], "epochs: '-1' is not allowed: it must be a whole number of at least"),
        (["--optimizer", "adan"], "(did you mean adam?) (from --optimizer)"),
        (["--strategy", "3"], "it must be one of batch, stochastic, mini-batch"),
        (["--optimizer", "adam", "--momentum", "0.9"], "Adam has no such hyperparameter; it has"),
        (["--nesterov"], "Nesterov needs a momentum above 0"),
        (["--fps", "0"], "a whole number from 1 to 60 (from --fps)"),
        (["--theme", "pink"], "one of dark, light, textual-dark, "),
        (["--config", "absent.toml"], "'absent.toml' cannot be read: No such file or directory"),
        (["--summary", "/absent/run.json"], "'/absent/run.json' cannot be written: No such file"),
        (["completion", "tcsh"], "'tcsh' is not one of 'bash', 'zsh', 'fish'"),
        (["completion"], "Missing argument 'SHELL'"),
    ],
)
def test_bad_input_is_answered_in_one_line(call: Call, args: list[str], complaint: str) -> None:
    assert complaint in call(*args).complaint


def test_the_unwritable_summary_is_found_before_the_engine_is_made(
    call: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delattr("core.engine.Engine")
    assert "(from --summary)" in call("run", "--summary", str(tmp_path)).complaint


def test_a_value_from_the_environment_is_blamed_on_it(
    call: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GD_TUI_BATCH_SIZE", "many")
    monkeypatch.setenv("GD_TUI_AMSGRAD", "perhaps")
    for args in ([], ["run"], ["config"]):
        assert call(*args).complaint.endswith("(from environment variable GD_TUI_BATCH_SIZE)")
    monkeypatch.delenv("GD_TUI_BATCH_SIZE")
    assert "'perhaps' is not allowed: it must be on or off" in call("config").complaint


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("\nlr = \n", "not valid TOML: Invalid value (at line 2, column 6) (from {file})"),
        ("lr = 1\n\nseed = 'x'", "seed: 'x' is not allowed: it must be a whole number from 0 to"),
        ("lr = 1\n\nseed = 1.5", "(from {file}, line 3)"),
        ("seed = true", "True is not allowed: it must be a whole number"),
        ("lr = [1]", "[1] is not allowed: it must be a number"),
        ("optimizer = {name = 'adam'}", "it must be one of sgd"),
        ("batchsize = 3", "'batchsize': there is no such setting (did you mean batch_size?)"),
        ("# colours\n[panel]\nx = 1", "'panel': there is no such setting"),
        ("[panel]", "(from {file}, line 1)"),
        ("'\\u001b[31m' = 1", "there is no such setting"),
        ("x = " + "[" * 5000, "not valid TOML"),
        ("momentum = 0.9\noptimizer = 'adam'", "Adam has no such hyperparameter; it has lr,"),
        ("strategy = 'batch'\n'batch-size' = 8", "(from {file}, line 2)"),
    ],
)
def test_a_bad_config_file_is_blamed_with_its_path_and_line(
    call: Call, config_file: Path, text: str, complaint: str
) -> None:
    config_file.write_text(text)
    said = call("config").complaint
    assert complaint.format(file=config_file) in said
    assert str(config_file) in said


def test_a_config_file_that_is_no_text_is_refused(call: Call, config_file: Path) -> None:
    config_file.write_bytes(b"lr = '\xff'")
    assert f"not UTF-8 text (from {config_file})" in call("config").complaint
    config_file.unlink()
    config_file.mkdir()
    assert "Is a directory" in call("config").complaint


def test_a_bad_config_file_does_not_stand_in_the_way_of_help(call: Call, config_file: Path) -> None:
    config_file.write_text("lr = ")
    assert call("run", "--help").status == 0
    assert call("completion", "fish").status == 0
    assert call("--version").status == 0


def test_nothing_that_a_terminal_would_obey_is_echoed(call: Call) -> None:
    for args in (["\x1b[31m\n"], ["--\x1b[31m"], ["run", "\x07"], ["--data", "\x9b2J"]):
        call(*args).complaint  # noqa: B018 - which checks that it is one printable line


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.text(), min_size=1, max_size=3))
def test_any_words_after_config_are_answered_without_a_traceback(
    call: Call, words: list[str]
) -> None:
    assert call("config", *words).status in (0, 2)


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_completion_script_names_the_program(call: Call, shell: str) -> None:
    said = call("completion", shell)
    assert said.status == 0
    assert "_GD_TUI_COMPLETE" in said.out


@pytest.mark.parametrize(
    ("words", "offered"),
    [
        ("gd-tui --optimizer ad", {"adagrad", "adadelta", "adam", "adamw", "adamax"}),
        ("gd-tui run --strategy ", {"batch", "stochastic", "mini-batch"}),
        ("gd-tui --no-nest", {"--no-nesterov"}),
        ("gd-tui run --target-", {"--target-accuracy"}),
        ("gd-tui comp", {"completion"}),
        ("gd-tui completion z", {"zsh"}),
    ],
)
def test_the_shell_completes_options_and_their_names(
    call: Call,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    words: str,
    offered: set[str],
) -> None:
    monkeypatch.setenv("_GD_TUI_COMPLETE", "bash_complete")
    monkeypatch.setenv("COMP_WORDS", words)
    monkeypatch.setenv("COMP_CWORD", str(len(words.split(" ")) - 1))
    with pytest.raises(SystemExit):
        call()
    lines = capsys.readouterr().out.split()
    assert {line.partition(",")[2] for line in lines} == offered
