"""The panel of how far the run is, how fast it goes, and how well it does."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.content import Content

from core.snapshot import RunView, State
from tui import format as fmt
from tui.score import score_of
from tui.widgets.bar import thin_bar
from tui.widgets.fit import fullest
from tui.widgets.lines import Lines
from tui.widgets.panel import Panel

Fact = tuple[str, str]

NARROW = 36  # columns below which the bar needs the room of the remaining time
CELL = 20  # the least width of a name and its figure
_GAP = 3  # columns between two of them, where there is room
_REMAINS = 12  # columns of "1:39:54 left"


class ProgressPanel(Panel):
    """A bar for the epoch, then a table of figures that change and never move."""

    TITLE = "Progress"
    LOOKS_BACK = True

    def compose(self) -> ComposeResult:
        yield Lines(classes="body")

    def show(self, run: RunView) -> None:
        lines = self.query_one(Lines)
        width = lines.size.width
        two_columns = width >= 2 * CELL + 3
        table = _pairs(run) if two_columns else [(fact,) for fact in _most_important(run)]
        rows = [self._cells(facts, width) for facts in table]
        lines.write(self._epoch(run, width), *rows)
        outlook, saved = _outlook(run), _saved(run)
        both = ", ".join(said for said in (outlook, saved) if said)
        self.report(self._display.text(fullest(width - 2, both, outlook)))

    def _epoch(self, run: RunView, width: int) -> Content:
        epoch, done = _epoch_shown(run)
        left = _seconds_left(run, (1 - done) * run.training_examples)
        last = f" of {fmt.count(run.config.epochs)}" if run.config.epochs else ""
        name = f" epoch {fmt.count(epoch)}{last} "
        remains = "" if left is None else f"{fmt.clock(left)} left"
        figures = f" {fmt.percent(done, 0):>5} "
        if width >= NARROW:
            figures += f"{remains:>{_REMAINS}} "
        room = max(1, width - len(name) - len(figures))
        return Content(name) + thin_bar(done, room, ascii=self._display.ascii) + figures

    def _cells(self, facts: tuple[Fact, ...], width: int) -> Content:
        """Names to the left and figures to the right of equal cells."""
        gaps = len(facts) - 1
        between = max(1, min(_GAP, width - 2 - len(facts) * CELL)) if gaps else 0
        room = (width - 2 - gaps * between) // len(facts)
        parts: list[tuple[str, str]] = []
        for place, (said, figure) in enumerate(facts):
            name = self._display.text(said)
            before = " " * (between if place else 1)
            gap = " " * max(1, room - len(name) - len(figure))
            parts += [(f"{before}{name}{gap}", "$foreground-muted"), (figure, "bold")]
        return Content.assemble(*parts)


def _epoch_shown(run: RunView) -> tuple[int, float]:
    """The epoch under way and how much of it is done; between two, the one just finished."""
    finished, examples = divmod(run.at.examples, run.training_examples)
    done = (examples + run.update_progress * run.examples_per_update) / run.training_examples
    return (finished, 1.0) if finished and not done else (finished + 1, min(done, 1.0))


def _pairs(run: RunView) -> list[tuple[Fact, ...]]:
    test, best, score = run.evaluation, run.best, score_of(run)
    return [
        (
            ("updates", fmt.count(run.at.updates)),
            ("updates/s", _rate(run, run.updates_per_second)),
        ),
        (
            ("training loss", fmt.number(run.train_loss)),
            ("examples/s", _rate(run, run.examples_per_second)),
        ),
        (
            ("test loss", fmt.number(test.loss if test else None)),
            (f"test {score.name}", score.of_test(test)),
        ),
        (
            (f"best {score.name}", score.of_test(best)),
            ("at epoch", f"{best.at.epoch:.2f}" if best else fmt.MISSING),
        ),
    ]


def _most_important(run: RunView) -> list[Fact]:
    (updates, speed), (training, _), (_, score), (best, _) = _pairs(run)
    return [speed, training, score, best, updates]


def _rate(run: RunView, per_second: float) -> str:
    """0 is not yet measured: the first update of a strategy may take seconds."""
    measured = run.state is State.RUNNING and per_second > 0
    return fmt.number(per_second) if measured else fmt.MISSING


def _seconds_left(run: RunView, examples: float) -> float | None:
    """How long so many examples take at the current rate; None when nothing moves."""
    moves = run.state is State.RUNNING and run.examples_per_second > 0
    return examples / run.examples_per_second if moves else None


def _outlook(run: RunView) -> str:
    """Why it stands still, or what holds it back and when it will stop."""
    if run.state in (State.DIVERGED, State.FAILED):
        return ""  # the banner says it
    if run.state is not State.RUNNING:
        return run.reason
    wanted = run.config
    lefts = []
    if wanted.epochs is not None:
        lefts.append(_seconds_left(run, (wanted.epochs - run.at.epoch) * run.training_examples))
    if wanted.updates is not None:
        updates_left = wanted.updates - run.at.updates
        lefts.append(_seconds_left(run, updates_left * run.examples_per_update))
    if wanted.seconds is not None:
        lefts.append(wanted.seconds - run.at.seconds)
    known = [left for left in lefts if left is not None and left >= 0]
    held = f"held to {_limit(wanted.speed)}" if wanted.speed else ""
    stops = f"stops in {fmt.clock(min(known))}" if known else ""
    return ", ".join(said for said in (held, stops) if said)


def _saved(run: RunView) -> str:
    """How far back the last save is, in training seconds; of trouble the header tells."""
    saving = run.saving
    if saving is None or saving.at is None or saving.trouble:
        return ""
    back = run.at.seconds - saving.at.seconds
    return f"saved {back:.0f} s back" if back >= 1 else "saved"


def _limit(speed: float) -> str:
    return "1 update/s" if speed == 1 else f"{speed:,.6g} updates/s"
