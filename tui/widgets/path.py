"""The panel in which the runs' weights are seen to move, on a plane."""

from __future__ import annotations

from textwrap import wrap

from textual.app import ComposeResult
from textual.binding import Binding
from textual.content import Content
from textual.getters import query_one

from core.snapshot import Paths, Plane, State
from tui.company import Company
from tui.format import number
from tui.widgets import axis, plane
from tui.widgets.canvas import Canvas
from tui.widgets.fit import fullest
from tui.widgets.legend import legend
from tui.widgets.lines import Lines
from tui.widgets.panel import Panel
from tui.widgets.plane import Inks, View
from tui.widgets.unhurried import Unhurried

_NAMED = (10, 16)  # lines from which there is one for the runs' names, and a second
_RINGS = 0.45  # of the text's colour over the ground
_INVITATION = (
    "Fork the run (f) or race the strategies (c): where their weights go will be drawn here, "
    "seen from their common start."
)


class PathPanel(Panel):
    """Where the weights went since the common start, on one of two planes."""

    TITLE = "Path"
    KEYS = "d, y"
    KEYS_HELP = (
        ("d", "see the paths along the directions of most motion, or along random ones"),
        ("y", "distances from the paths' start logarithmic, or linear"),
    )
    BINDINGS = [
        Binding("d", "toggle_plane", "principal or random directions"),
        Binding("y", "toggle_scale", "logarithmic or linear distances"),
    ]

    names: query_one[Lines] = query_one("#names", Lines)
    upward: query_one[Lines] = query_one("#upward", Lines)
    picture = query_one(Unhurried)
    rightward: query_one[Lines] = query_one("#rightward", Lines)
    _company: Company | None = None
    _wants_random = False
    _log: bool | None = None  # None as long as nobody chose
    _needs_log = False

    def compose(self) -> ComposeResult:
        yield Lines(id="names")
        yield Lines(id="upward", classes="caption")
        yield Unhurried(self._display, self._now)
        yield Lines(id="rightward", classes="caption")

    def on_mount(self) -> None:
        self._views = {False: View(), True: View()}  # by whether it is of the random plane
        self.app.theme_changed_signal.subscribe(self, lambda _theme: self._draw(at_once=True))

    def show_company(self, company: Company) -> None:
        self._company = company
        self._draw()

    def toggle_plane(self) -> None:
        """The plane that holds most of the motion, or the one that was drawn at random."""
        self._wants_random = not self._wants_random
        self._draw(at_once=True)

    def toggle_scale(self) -> None:
        """Distances from the start logarithmic, or linear."""
        self._log = not self._is_log
        self._draw(at_once=True)

    def action_toggle_plane(self) -> None:
        self.toggle_plane()

    def action_toggle_scale(self) -> None:
        self.toggle_scale()

    def on_unhurried_resized(self) -> None:
        self._draw(at_once=True)

    @property
    def _is_log(self) -> bool:
        return self._needs_log if self._log is None else self._log

    def _draw(self, *, at_once: bool = False) -> None:
        if self._company is None:
            return
        if self._company.paths is None:
            self._invite()
        else:
            self._say_names(self._company)
            self._draw_paths(self._company, self._company.paths, at_once)

    def _invite(self) -> None:
        """Say what will stand here."""
        width = max(self.picture.size.width, 1)
        lines = [Content.styled(line, "$foreground-muted") for line in wrap(_INVITATION, width)]
        self.picture.offer((None, width), lambda: lines, can_wait=False)

    def _say_names(self, company: Company) -> None:
        """Say which sign is which run."""
        width, height = self.content_size
        most = sum(height >= least for least in _NAMED)
        names = legend(company, width, most, display=self._display, dark=self._dark)
        self.names.set_class(len(names) == 1, "-one").set_class(len(names) == 2, "-two")
        self.names.write(*names)

    def _draw_paths(self, company: Company, paths: Paths, at_once: bool) -> None:
        is_random = self._wants_random or paths.principal is None
        shown = paths.random if is_random or paths.principal is None else paths.principal
        seen = plane.in_sight(shown, company)
        distances = plane.reaches(seen.values())
        self._needs_log = axis.needs_log(self._needs_log, distances)
        near = plane.near(distances) if self._is_log else 0.0
        self._say_axes(shown, is_random)
        self.report(self._scale(has_principal=paths.principal is not None))

        def paint() -> list[Content]:
            canvas = Canvas(*self.picture.size, ascii=self._display.ascii)
            plane.draw(seen, company.looks, canvas, self._views[is_random], self._inks, near)
            return canvas.lines()

        looks = [(run.id, company.looks[run.id]) for run in company.visible]
        manner = (self.picture.size, self.app.theme, is_random, self._is_log)
        running = any(run.state is State.RUNNING for run in company.visible)
        self.picture.offer(
            (paths, company.run.id, looks, manner), paint, can_wait=running and not at_once
        )

    def _say_axes(self, shown: Plane, is_random: bool) -> None:
        """What the axes are, and how much of the motion each of them holds."""
        names = (
            (("a random direction", "random"), ("another random direction", "random"))
            if is_random
            else (("1st principal direction", "1st"), ("2nd principal direction", "2nd"))
        )
        width, text = self.content_size.width, self._display.text
        across, up = (
            _axis(*name, share, width - 2) for name, share in zip(names, shown.shares, strict=True)
        )
        self.upward.write(Content(text(f"↑ {up}")))
        self.rightward.write(Content(text(f"{across} →").rjust(width)))

    def _scale(self, *, has_principal: bool) -> str:
        """What the rings are; or why there is no principal plane."""
        width = self.content_size.width - 2
        if not has_principal:
            too_large = "too large for principal directions"
            return fullest(width, f"the network is {too_large}", too_large, "network too large")
        scale = "log" if self._is_log else "linear"
        said = f"distance from the start, {scale}"
        return fullest(width, f"rings: {said}", said, f"{scale} distance")

    @property
    def _inks(self) -> Inks:
        _, _, ground, text = self.picture.colors
        return Inks(
            self._dark,
            rings=ground.blend(text, _RINGS).hex6,
            start=text.hex6,
            colourless=self.app.no_color and not self._display.ascii,
        )


def _axis(name: str, short: str, share: float, width: int) -> str:
    held = f"{number(100 * share, 2)} %"
    return fullest(width, f"{name}: {held} of the motion", f"{name}: {held}", f"{short}: {held}")
