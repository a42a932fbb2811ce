"""A race and a fork as a person has them: a real terminal, real keys, the whole of MNIST."""

from __future__ import annotations

import re

from tests.e2e.conftest import Open

NEXT, DELETE = "\t", "\x1b[3~"  # what terminals send for tab and delete
LANES = ("■ batch", "● stochastic", "▲ mini-batch 64")
LEADER = re.compile(r"ahead at [^:]*: (\S)")


def leader(text: str) -> str:
    """The sign of the run that the chart says is ahead; nothing while it names none."""
    found = LEADER.search(text)
    return found[1] if found else ""


def rows(text: str) -> list[str]:
    """The lines of the table, which stands under all else at 120 columns."""
    lines = text.splitlines()
    top = next((i for i, line in enumerate(lines) if line.startswith("╭─ Runs ")), len(lines))
    return [line[1:-1] for line in lines[top + 2 : -2]]


def names(text: str) -> tuple[str, ...]:
    """The signs and names in the table."""
    return tuple(re.split(r"  | [●■○‖] ", row[1:])[0] for row in rows(text))


def selected(text: str) -> list[str]:
    return [name for row, name in zip(rows(text), names(text), strict=True) if row[0] == "▸"]


def test_a_person_races_compares_forks_and_puts_away(open_terminal: Open) -> None:
    terminal = open_terminal("--model", "softmax")
    terminal.wait_for("READY")
    terminal.wait_for("─ Progress ")

    # The race of the chapter, on a budget that is typed in one burst.
    terminal.press("c")
    terminal.wait_for("who races?")
    terminal.press(NEXT, NEXT, "updates:30", "enter")
    terminal.wait_for("race of 30 updates over")
    terminal.wait_for(lambda text: text.count("■ finished") == 3)
    assert names(terminal.text) == LANES
    assert all(" 30 " in row for row in rows(terminal.text))

    # Who has won depends on what it is held against.
    terminal.wait_for(lambda text: "updates [x]" in text and leader(text) == "■")
    terminal.press("x", "x")
    terminal.wait_for(lambda text: "seconds [x]" in text and leader(text) in ("●", "▲"))

    # Each run can be selected; what keys do is done to that one.
    assert selected(terminal.text) == [LANES[0]]
    terminal.press(NEXT)
    terminal.wait_for(lambda text: selected(text) == [LANES[1]])
    terminal.press(".")
    terminal.wait_for(lambda text: re.search(r"● stochastic .* paused .* 31 ", text))
    assert [" 31 " in row for row in rows(terminal.text)] == [False, True, False]

    # A fork goes on by itself; put away, it comes back.
    terminal.press("f")
    terminal.wait_for(lambda text: names(text) == (*LANES[:2], "◆ run 4", LANES[2]))
    assert selected(terminal.text) == ["◆ run 4"]
    terminal.press("+", ".")
    terminal.wait_for(lambda text: re.search(r"◆ run 4 .* paused .* 32 ", text))
    for away, back in ((DELETE, "u"), ("\x7f", "u")):
        terminal.press(away)
        terminal.wait_for(lambda text: names(text) == LANES and "u bring back" in text)
        terminal.press(back)
        terminal.wait_for(lambda text: selected(text) == ["◆ run 4"])
    assert re.search(r"◆ run 4 .* 32 ", terminal.text)

    # Where it is narrow, the chart and the table take turns.
    terminal.resize(80, 24)
    terminal.wait_for(lambda text: "─ Training loss " in text and "─ Runs " not in text)
    terminal.press("v")
    terminal.wait_for(lambda text: "─ Runs " in text and "─ Training loss " not in text)

    terminal.press("q")
    terminal.wait_for(lambda text: re.search(r"These 4 runs have made 1[0-9]{2} updates", text))
    terminal.press("q")
    assert terminal.exit_status() == 0
    assert terminal.left_clean
