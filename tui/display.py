"""How things look: the colours and signs that mean the same everywhere."""

from __future__ import annotations

from dataclasses import dataclass

from core.snapshot import State

_IN_ASCII = str.maketrans(
    {"→": "->", "µ": "u", "…": "...", "·": "-", "–": "-", "←": "<-", "↑": "^", "↓": "v", "²": "2"}
)


@dataclass(frozen=True, slots=True)
class Display:
    """What the terminal is trusted with."""

    ascii: bool = False  # no braille, no half-blocks, no box drawing
    mouse: bool = True
    fps: int = 10  # frames a second at most

    def text(self, text: str) -> str:
        """The text as this terminal can show it: in 7-bit characters if need be."""
        if not self.ascii:
            return text
        return text.translate(_IN_ASCII).encode("ascii", "replace").decode()


@dataclass(frozen=True, slots=True)
class Colour:
    """One hue, as it is drawn on a dark ground and on a light one: "#RRGGBB"."""

    on_dark: str
    on_light: str

    def on(self, *, dark: bool) -> str:
        return self.on_dark if dark else self.on_light


@dataclass(frozen=True, slots=True)
class Look:
    """A colour and the signs that say the same without it."""

    colour: Colour
    sign: str
    ascii_sign: str

    def mark(self, ascii: bool) -> str:
        return self.ascii_sign if ascii else self.sign


# Okabe & Ito's colours can be told apart by colour-blind people. On a light ground they are too
# pale to read, so there each has a darker variant of its hue, of a contrast above 4.5 to 1.
BLUE = Colour("#0072B2", "#006DAB")
SKY_BLUE = Colour("#56B4E9", "#156EA0")
GREEN = Colour("#009E73", "#007757")
ORANGE = Colour("#E69F00", "#8B6000")
VERMILION = Colour("#D55E00", "#AC4C00")
PURPLE = Colour("#CC79A7", "#A33F76")
YELLOW = Colour("#F0E442", "#726C00")
GREY = Colour("#BBC4CC", "#4F5A63")

STATE_LOOKS = {
    State.LOADING: Look(SKY_BLUE, "◌", "~"),
    State.READY: Look(SKY_BLUE, "○", "o"),
    State.RUNNING: Look(GREEN, "●", "*"),
    State.PAUSED: Look(ORANGE, "‖", "="),
    State.FINISHED: Look(BLUE, "■", "#"),
    State.DIVERGED: Look(VERMILION, "✕", "!"),
    State.FAILED: Look(VERMILION, "✕", "!"),
}

RIGHT = Look(GREEN, "✓", "+")
WRONG = Look(VERMILION, "✗", "x")
