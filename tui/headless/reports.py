"""How a run without a screen is told: a progress bar on a terminal, plain lines elsewhere."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol, TextIO

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn

from core.config import RunConfig
from core.snapshot import Event, Loading, RunView
from tui.format import count, number, plural, rate
from tui.score import score_of
from tui.writing import event_text

LINE_SECONDS = 5.0  # between two plain lines, when no evaluation comes before
FRAME_SECONDS = 0.1  # between two states of the bar


class Report(Protocol):
    """Tells of a run. `closed` is set once nobody can hear it any more."""

    closed: bool

    def load(self, loading: Loading) -> None:
        """What is being prepared; told again and again."""
        ...

    def say(self, line: str) -> None:
        """A line that stays."""
        ...

    def show(self, run: RunView) -> None:
        """How the run stands; told again and again."""
        ...

    def close(self) -> None: ...


class Lines:
    """Plain lines: one for each evaluation, and one every few seconds where that takes longer."""

    def __init__(self, stream: TextIO) -> None:
        self.closed = False
        self._stream = stream
        self._loading = ""
        self._shown_at = time.monotonic()
        self._evaluated = 0  # the update of the evaluation that was told last

    def load(self, loading: Loading) -> None:
        if loading.what != self._loading:
            self._loading = loading.what
            self.say(loading.what)

    def say(self, line: str) -> None:
        if self.closed:
            return
        try:
            print(line, file=self._stream, flush=True)
        except OSError:  # a pipe whose reader has gone
            self.closed = True

    def show(self, run: RunView) -> None:
        evaluated = run.evaluation.at.updates if run.evaluation else 0
        news = evaluated > self._evaluated
        if news or time.monotonic() - self._shown_at >= LINE_SECONDS:
            self._evaluated = evaluated
            self._shown_at = time.monotonic()
            self.say(figures(run, tested=news))

    def close(self) -> None:
        pass


class Bar:
    """A bar towards the nearest stop condition, redrawn in place; lines that stay go above it."""

    def __init__(self, stream: TextIO) -> None:
        self.closed = False
        self._stream = stream
        self._console = Console(file=stream, highlight=False, markup=False, emoji=False)
        self._progress = Progress(
            TextColumn("{task.description}"),
            BarColumn(bar_width=None),
            TaskProgressColumn(),
            TextColumn("{task.fields[figures]}"),
            console=self._console,
            auto_refresh=False,
            transient=True,
            expand=True,
        )
        self._task = self._progress.add_task("starting", total=1.0, figures="")
        self._drawn_at = 0.0
        with self._unless_gone():
            self._progress.start()

    def load(self, loading: Loading) -> None:
        self._draw(loading.what, loading.share, "")

    def say(self, line: str) -> None:
        with self._unless_gone():
            self._console.print(line, soft_wrap=True)

    def show(self, run: RunView) -> None:
        parts = [rate(run.updates_per_second, "updates"), f"loss {number(run.train_loss)}"]
        if run.evaluation:
            parts.append(score_of(run).said(run.evaluation))
        self._draw(f"epoch {run.at.epoch:.2f}", share_done(run), "  ".join(parts))

    def close(self) -> None:
        with self._unless_gone():
            self._progress.stop()

    @contextmanager
    def _unless_gone(self) -> Iterator[None]:
        """Write if the terminal is still there; its window may have been closed."""
        try:
            yield
        except OSError:
            self.closed = True

    def _draw(self, what: str, share: float | None, figures: str) -> None:
        now = time.monotonic()
        if now - self._drawn_at < FRAME_SECONDS:
            return
        self._drawn_at = now
        self.closed = (
            self.closed or not self._stream.isatty()
        )  # Rich is silent from then on, without an error
        total = None if share is None else 1.0
        self._progress.update(
            self._task, description=what, total=total, completed=share or 0.0, figures=figures
        )
        with self._unless_gone():
            self._progress.refresh()


def share_done(run: RunView) -> float | None:
    """How much of the way to the nearest stop condition is done, 0 to 1; None if unknown."""
    config, at = run.config, run.at
    ways = ((at.epoch, config.epochs), (at.updates, config.updates), (at.seconds, config.seconds))
    shares = [done / goal for done, goal in ways if goal is not None]
    return min(max(shares), 1.0) if shares else None


def title(run: RunView) -> str:
    """What is trained, on what, and how, in one line."""
    config: RunConfig = run.config
    return (
        f"{run.model_title} on {run.data.title}, "
        f"{plural(run.training_examples, 'training example')}; "
        f"{config.strategy}, {plural(run.examples_per_update, 'example')} per update; "
        f"{config.optimizer_spec.torch_name}, learning rate {config.learning_rate:g}; "
        f"seed {config.seed}; {run.device}, {run.stepper}"
    )


def figures(run: RunView, *, tested: bool = True) -> str:
    """How the run stands, in one line; if `tested`, with its latest evaluation."""
    parts = [f"epoch {run.at.epoch:.2f}", plural(run.at.updates, "update")]
    if run.updates_per_second:
        parts.append(rate(run.updates_per_second, "updates"))
    parts.append(f"training loss {number(run.train_loss)}")
    if tested and run.evaluation:
        parts.append(f"test loss {number(run.evaluation.loss)}")
        parts.append(score_of(run).said(run.evaluation))
    return "   ".join(parts)


def event_line(event: Event) -> str:
    return f"at update {count(event.at.updates)}: {event_text(event)}"
