"""How the moments of a timeline are shown: a sign for each kind, and words for what it was."""

from __future__ import annotations

from core.snapshot import MomentKind, MomentView
from tui.display import GREEN, GREY, PURPLE, SKY_BLUE, YELLOW, Look
from tui.format import count, duration
from tui.writing import change_text

LOOKS = {
    MomentKind.BEGINNING: Look(SKY_BLUE, "○", "o"),
    MomentKind.CHANGE: Look(YELLOW, "◆", "^"),
    MomentKind.EPOCH: Look(GREEN, "•", "+"),
    MomentKind.INTERVAL: Look(GREY, "·", "."),
    MomentKind.LEFT: Look(PURPLE, "«", "<"),
}


def wordings(moment: MomentView) -> tuple[str, ...]:
    """What the moment was, in full, then in fewer and fewer words."""
    match moment.kind:
        case MomentKind.BEGINNING:
            return ("beginning",)
        case MomentKind.CHANGE:
            what = change_text(moment.what)
            return f"before {what}", what, change_text(moment.what, in_short=True)
        case MomentKind.EPOCH:
            epoch = count(round(moment.at.epoch))
            return f"end of epoch {epoch}", f"epoch {epoch}"
        case MomentKind.INTERVAL:
            spent = duration(moment.at.seconds)
            return f"after {spent} of training", f"after {spent}"
        case MomentKind.LEFT:
            return "left for another moment", "left here"
