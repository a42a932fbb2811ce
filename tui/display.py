"""How things look: the colours and signs that mean the same everywhere."""

from __future__ import annotations

from dataclasses import dataclass

from core.snapshot import State

_IN_ASCII = str.maketrans(
    {"→": "->", "µ": "u", "…": "...", "·": "-", "–": "-", "←": "<-", "↑": "^", "↓": "v"}
)


@dataclass(frozen=True, slots=True)
class Display:
    """What the terminal is trusted with."""

    ascii: bool = False  # no braille, no half-blocks, no box drawing
    mouse: bool = True
    fps: int = 15  # frames a second at most

    def text(self, text: str) -> str:
        """The text as this terminal can show it: in 7-bit characters if need be."""
        if not self.ascii:
            return text
        return text.translate(_IN_ASCII).encode("ascii", "replace").decode()


@dataclass(frozen=True, slots=True)
class Look:
    """A colour and the signs that say the same without it."""

    colour: str
    sign: str
    ascii_sign: str

    def mark(self, ascii: bool) -> str:
        return self.ascii_sign if ascii else self.sign


# Okabe & Ito's colours can be told apart by colour-blind people, in dark and light.
STRATEGY_LOOKS = {
    "batch": Look("#0072B2", "■", "B"),
    "stochastic": Look("#E69F00", "●", "S"),
    "mini-batch": Look("#009E73", "▲", "M"),
}

STATE_LOOKS = {
    State.LOADING: Look("#56B4E9", "◌", "~"),
    State.READY: Look("#56B4E9", "○", "o"),
    State.RUNNING: Look("#009E73", "●", "*"),
    State.PAUSED: Look("#E69F00", "‖", "="),
    State.FINISHED: Look("#0072B2", "■", "#"),
    State.DIVERGED: Look("#D55E00", "✕", "!"),
    State.FAILED: Look("#D55E00", "✕", "!"),
}
