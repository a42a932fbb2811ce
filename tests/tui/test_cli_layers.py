"""Where a setting comes from: flag over environment over config file over default."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.tui.cli_helpers import Call


def test_without_anything_given_every_setting_is_a_default(call: Call) -> None:
    listed = call("config").settings
    assert listed["strategy"] == "stochastic (default)"
    assert listed["lr"] == "0.01 (default of SGD)"
    assert all("(default" in value for value in listed.values())


def test_flag_beats_environment_beats_file_beats_default(
    call: Call, config_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert call("config").settings["seed"] == "0 (default)"
    config_file.write_text("# mine\nseed = 1\n")
    assert call("config").settings["seed"] == f"1 ({config_file}, line 2)"
    monkeypatch.setenv("GD_TUI_SEED", "2")
    assert call("config").settings["seed"] == "2 (environment variable GD_TUI_SEED)"
    assert call("config", "--seed", "3").settings["seed"] == "3 (--seed)"


def test_a_flag_before_the_subcommand_counts_like_one_after_it(
    call: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GD_TUI_SEED", "2")
    assert call("--seed", "3", "config").settings["seed"] == "3 (--seed)"
    assert call("--seed", "3", "config", "--seed", "4").settings["seed"] == "4 (--seed)"


def test_a_switch_can_be_turned_off_again_in_a_higher_layer(call: Call, config_file: Path) -> None:
    config_file.write_text("amsgrad = true\noptimizer = 'adam'\nmouse = false\n")
    assert call("config").settings["amsgrad"].startswith("on (")
    listed = call("config", "--no-amsgrad", "--mouse").settings
    assert listed["amsgrad"] == "off (--no-amsgrad)"
    assert listed["mouse"] == "on (--mouse)"


@pytest.mark.parametrize("before", [True, False])
def test_another_config_file_stands_in_for_the_usual_one(
    call: Call, config_file: Path, tmp_path: Path, before: bool
) -> None:
    config_file.write_text("seed = 1\nlr = 'broken'\n")
    other = tmp_path / "lecture.toml"
    other.write_text("threads = 2\n")
    named = ["--config", str(other)]
    listed = call(*named, "config") if before else call("config", *named)
    assert listed.settings["seed"] == "0 (default)"
    assert listed.settings["threads"] == f"2 ({other}, line 1)"


def test_a_config_file_named_by_a_flag_beats_one_named_by_the_environment(
    call: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, other = tmp_path / "one.toml", tmp_path / "other.toml"
    one.write_text("seed = 1")
    other.write_text("seed = 2")
    monkeypatch.setenv("GD_TUI_CONFIG", str(one))
    assert call("config").settings["seed"].startswith("1 ")
    assert call("--config", str(other), "config").settings["seed"].startswith("2 ")


def test_the_file_may_spell_its_keys_like_the_flags(call: Call, config_file: Path) -> None:
    config_file.write_text("eval-every = 'epoch'\nwidths = [64, 32]\nmodel = 'perceptron'\n")
    listed = call("config").settings
    assert listed["eval_every"] == f"epoch ({config_file}, line 1)"
    assert listed["widths"] == f"64,32 ({config_file}, line 2)"


def test_an_empty_environment_variable_is_none(call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GD_TUI_LR", "")
    assert call("config").settings["lr"] == "0.01 (default of SGD)"


def test_a_hyperparameter_gives_way_to_an_optimizer_of_a_higher_layer(
    call: Call, config_file: Path
) -> None:
    config_file.write_text("momentum = 0.9\nlr = 0.5\n")
    listed = call("config", "--optimizer", "adam").settings
    assert listed["lr"] == f"0.5 ({config_file}, line 2)"
    assert listed["momentum"].startswith(f"not used ({config_file}, line 1 gave way: Adam has no")


def test_an_optimizer_does_not_give_way_to_a_hyperparameter(call: Call, config_file: Path) -> None:
    config_file.write_text("optimizer = 'adam'")
    complaint = call("config", "--momentum", "0.9").complaint
    assert complaint.endswith("(from --momentum)")


def test_a_strategy_gives_way_to_a_batch_size_of_a_higher_layer(
    call: Call, config_file: Path
) -> None:
    config_file.write_text("strategy = 'batch'")
    listed = call("config", "--batch-size", "32").settings
    assert listed["batch_size"] == "32 (--batch-size)"
    assert listed["strategy"].startswith("mini-batch (")
    assert "gave way: a batch size of 32 means mini-batch" in listed["strategy"]


def test_a_batch_size_waits_for_mini_batch_under_a_strategy_of_a_higher_layer(
    call: Call, config_file: Path
) -> None:
    config_file.write_text("batch_size = 128")
    assert call("config").settings["strategy"] == "mini-batch (implied by the batch size)"
    listed = call("config", "--strategy", "batch").settings
    assert listed["strategy"] == "batch (--strategy)"
    assert listed["batch_size"] == f"128 ({config_file}, line 1)"


def test_a_batch_size_gives_way_to_a_smaller_data_set_of_a_higher_layer(
    call: Call, config_file: Path
) -> None:
    config_file.write_text("batch_size = 60000")
    listed = call("config", "--data", "cifar10").settings
    assert listed["batch_size"].startswith("64 (")
    assert "CIFAR-10 has 50,000 training examples" in listed["batch_size"]


def test_nesterov_gives_way_to_what_rules_it_out_in_a_higher_layer(
    call: Call, config_file: Path
) -> None:
    config_file.write_text("momentum = 0.9\nnesterov = true")
    assert call("config").settings["nesterov"].startswith("on (")
    for flags in (["--momentum", "0"], ["--dampening", "0.5"]):
        assert call("config", *flags).settings["nesterov"].startswith("off (")
    muon = call("config", "--optimizer", "muon", "--momentum", "0").settings
    assert muon["nesterov"].startswith("off (")


def test_nesterov_by_flag_takes_its_momentum_from_the_file(call: Call, config_file: Path) -> None:
    config_file.write_text("momentum = 0.9")
    assert call("config", "--nesterov").settings["nesterov"] == "on (--nesterov)"
