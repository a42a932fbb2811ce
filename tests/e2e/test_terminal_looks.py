"""What is written to terminals that can show less than others."""

from __future__ import annotations

from tests.e2e.conftest import Open

TRAINED = ("--model", "softmax", "--start", "--updates", "500")


def test_with_colours_they_are_used(open_terminal: Open) -> None:
    terminal = open_terminal()
    terminal.wait_for("LOADING")
    assert terminal.coloured


def test_no_color_means_nothing_but_greys_and_ascii_means_seven_bits(open_terminal: Open) -> None:
    terminal = open_terminal(*TRAINED, "--ascii", NO_COLOR="1")
    terminal.wait_for("FINISHED")
    terminal.press("?")
    terminal.wait_for("Train to the end of the epoch")
    assert not terminal.coloured
    assert terminal.raw.isascii()


def test_a_terminal_that_cannot_place_text_gets_plain_lines(open_terminal: Open) -> None:
    terminal = open_terminal(*TRAINED, TERM="dumb")
    assert terminal.exit_status() == 0
    assert b"\x1b" not in terminal.raw
    first, *_, last = terminal.raw.decode().splitlines()
    assert "TERM=dumb" in first
    assert "500 updates" in last
