"""The panel that holds the chapter's claims against what was measured."""

from __future__ import annotations

import re
from textwrap import wrap

from textual.app import ComposeResult
from textual.binding import Binding
from textual.content import Content
from textual.events import Click
from textual.getters import query_one

from core.racing.claims import Finding, Verdict, verdicts
from tui.company import Company
from tui.verdicts import LOOKS, Fact, facts
from tui.widgets.lines import Lines
from tui.widgets.panel import Panel

_MOST_OFTEN = 0.5  # seconds between new numbers, so that a sentence can be read in peace
_INDENT = 3  # columns of the sign before a claim
WIDE = 64  # columns from which a claim and what was found share a line

_JOINT = "\N{NO-BREAK SPACE}"  # keeps a number and its unit on one line
_UNIT = re.compile(r"(?<=\d) (?=(ms|s|µs|us|min|h|updates?|examples?)\b|%)")

Block = list[Content]


class VerdictsPanel(Panel):
    """Every claim with its finding; below it the numbers, of the chosen claim at least.

    Those of the others are there as far as all of it fits.
    """

    TITLE = "The chapter's claims"
    KEYS = "↑↓"
    KEYS_HELP = (("up down", "among the claims: show the numbers of another"),)
    BINDINGS = [
        Binding("up", "move(-1)", "claim above"),
        Binding("down", "move(1)", "claim below"),
    ]

    lines = query_one(Lines)

    _company: Company | None = None
    _verdicts: tuple[Verdict, ...] = ()
    _findings: object = None
    _judged_at = 0.0
    _chosen = 0
    _places: tuple[int, ...] = ()  # of the claim that each line on show belongs to

    def compose(self) -> ComposeResult:
        yield Lines(classes="body")

    def show_company(self, company: Company) -> None:
        """Judge anew; but new numbers for the same findings only now and then."""
        now = self._now()
        judged = verdicts(company.runs, company.race)
        findings = [(verdict.finding, verdict.lack) for verdict in judged]
        if findings == self._findings and now - self._judged_at < _MOST_OFTEN:
            return
        self._verdicts, self._findings, self._judged_at = judged, findings, now
        self._draw()

    def action_move(self, step: int) -> None:
        self._chosen = max(0, min(self._chosen + step, len(self._verdicts) - 1))
        self._draw()

    def on_click(self, event: Click) -> None:
        """A click on a claim shows its numbers."""
        at = event.get_content_offset(self.lines)
        if at is not None and at.y < len(self._places):
            self._chosen = self._places[at.y]
            self._draw()

    def watch_has_focus(self, focused: bool) -> None:
        super().watch_has_focus(focused)
        if self._company is not None:
            self._draw()

    def on_resize(self) -> None:
        self._draw()

    def _draw(self) -> None:
        width, height = self.lines.size
        heads = [self._head(place, verdict, width) for place, verdict in enumerate(self._verdicts)]
        bodies = [self._body(verdict, width) for verdict in self._verdicts]
        opened = _opened(heads, bodies, self._chosen, height)
        airy = len(opened) == len(heads) and _lines(heads + bodies) + len(heads) - 1 <= height
        written: list[tuple[int, Content]] = []
        for place, head in enumerate(heads):
            body = bodies[place] if place in opened else []
            written += [(place, line) for line in (*head, *body, *[Content()] * airy)]
        top = _top([place for place, _ in written], self._chosen, height)
        shown = written[top : top + height]
        self._places = tuple(place for place, _ in shown)
        self.lines.write(*(line for _, line in shown))
        self.report(self._counted(width))

    def _head(self, place: int, verdict: Verdict, width: int) -> Block:
        """The sign and the claim; what was found at the right, where every claim leaves room."""
        look = LOOKS[verdict.finding]
        chosen = place == self._chosen and self.has_focus
        mark = (">" if self._display.ascii else "▸") if chosen else " "
        colour = look.colour.on(dark=self._dark)
        first, *rest = wrap(verdict.claim, max(1, width - _INDENT))
        said = verdict.finding if width >= WIDE else ""
        return [
            Content.assemble(
                (mark, "bold $primary"),
                (f"{look.mark(self._display.ascii)} ", f"bold {colour}"),
                (first, "bold"),
                " " * (width - _INDENT - len(first) - len(said) - 1),
                (said, f"bold {colour}"),
            ),
            *(Content.styled(" " * _INDENT + line, "bold") for line in rest),
        ]

    def _body(self, verdict: Verdict, width: int) -> Block:
        """The numbers; each fact begins a line."""
        return [line for fact in facts(verdict) for line in self._fact(fact, width)]

    def _fact(self, fact: Fact, width: int) -> Block:
        name = fact.name + ":"
        said = self._display.text(f"{name} {', '.join(fact.figures)}")
        room = max(1, width - _INDENT - 1)
        wrapped = wrap(_UNIT.sub(_JOINT, said), room, subsequent_indent="  ")
        first, *rest = (Content(" " * _INDENT + line.replace(_JOINT, " ")) for line in wrapped)
        return [first.stylize("$foreground-muted", 0, _INDENT + len(name)), *rest]

    def _counted(self, width: int) -> str:
        """How many claims were found how, with the signs that say so, in words if they fit."""
        found = [verdict.finding for verdict in self._verdicts]
        counted = [
            (LOOKS[each].mark(self._display.ascii), found.count(each), each)
            for each in Finding
            if each in found
        ]
        in_words = ", ".join(f"{sign} {count} {each}" for sign, count, each in counted)
        if len(in_words) <= width - 4:
            return in_words
        return "  ".join(f"{sign} {count}" for sign, count, _ in counted)


def _opened(heads: list[Block], bodies: list[Block], chosen: int, height: int) -> set[int]:
    """The claims of which the numbers are shown: the chosen one, and others while they fit."""
    opened = {chosen}
    used = _lines(heads) + len(bodies[chosen]) if heads else 0
    for place, body in enumerate(bodies):
        if place != chosen and used + len(body) <= height:
            opened.add(place)
            used += len(body)
    return opened


def _lines(blocks: list[Block]) -> int:
    return sum(len(block) for block in blocks)


def _top(places: list[int], chosen: int, height: int) -> int:
    """The first line to show, so that the chosen claim is in view from its beginning."""
    if chosen not in places:
        return 0
    first, count = places.index(chosen), places.count(chosen)
    return max(0, min(first, first + count - height))
