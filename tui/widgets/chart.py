"""A chart as plain values, and its drawing with plotext into text that Textual can show."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import groupby

from rich.ansi import AnsiDecoder
from rich.color import Color as Ink
from rich.style import Style
from rich.text import Text
from textual.color import Color

from tui.widgets.axis import Axis
from tui.widgets.marks import Label, Mark, name_marks

WASH = "█"  # a marker that colours the ground of a cell instead of writing into it
_FRAME = 2  # rows below the canvas: the axis and its labels
_LABEL_WIDTH = 4  # columns of a y label at least, so that the canvas does not move
_TO_ASCII = str.maketrans("┌┐└┘├┤┬┴┼─│", "+++++++++-|")


@dataclass(frozen=True, slots=True)
class Layer:
    """Points to draw with one marker: joined by lines or not. Later layers cover earlier ones.

    `x` and `y` are places between 0 and 1 on the axes (`Axis.place`), all of them finite.
    `colour` None is the colour of the text around.
    """

    x: Sequence[float]
    y: Sequence[float]
    marker: str
    colour: str | None
    joined: bool = True


@dataclass(frozen=True, slots=True)
class Named:
    """A place `at` on the x axis with a name to be written there."""

    at: float
    sign: str
    name: str
    colour: str


@dataclass(frozen=True, slots=True)
class Frame:
    """The room a chart has, in character cells, and its axes.

    `dots` are the columns and rows of points in a cell that the finest marker draws.
    """

    width: int
    height: int
    x: Axis
    y: Axis
    dots: tuple[int, int]

    @property
    def label_width(self) -> int:
        return max([_LABEL_WIDTH, *map(len, self.y.labels)])

    @property
    def columns(self) -> int:
        """Columns left for the curves."""
        return self.width - self.label_width - 1

    @property
    def rows(self) -> int:
        """Rows left for the curves."""
        return self.height - _FRAME

    @property
    def across(self) -> int:
        """Dots of the finest marker from the left to the right end of the x axis."""
        return self.columns * self.dots[0]

    @property
    def fits(self) -> bool:
        """Whether there is room to draw anything."""
        return self.columns >= 4 and self.rows >= 2

    def column(self, place: float) -> int:
        """The column in which the finest marker is drawn at `place`."""
        return int(0.5 + (self.across - 1) * place) // self.dots[0]

    def row(self, place: float) -> int:
        """The row, from below, in which the finest marker is drawn at `place`."""
        return int(0.5 + (self.rows * self.dots[1] - 1) * place) // self.dots[1]

    def in_cell(self, x: float, y: float) -> tuple[float, float]:
        """The place that puts a whole character into the cell where a dot at (x, y) would be.

        plotext rounds characters and dots differently, by up to half a cell.
        """
        return self.column(x) / (self.columns - 1), self.row(y) / (self.rows - 1)


@dataclass(frozen=True, slots=True)
class Chart:
    """Everything that is drawn.

    The names of `marks` stand at the top of the canvas, or at the bottom if `names_below`.
    `axis_colour` is that of the axes and their labels.
    """

    frame: Frame
    layers: Sequence[Layer] = field(default=())
    marks: Sequence[Named] = field(default=())
    names_below: bool = False
    axis_colour: str | None = None
    ascii: bool = False

    @property
    def points(self) -> int:
        """How many points plotext is given; its cost grows with them."""
        return sum(len(layer.x) for layer in self.layers)

    def names(self) -> list[Label]:
        """The names of the marks, on no more than a third of the canvas."""
        frame = self.frame
        marks = [Mark(frame.column(m.at), m.sign, m.name, m.colour) for m in self.marks]
        return name_marks(marks, frame.columns, lanes=max(1, frame.rows // 3))


def draw(chart: Chart) -> list[Text]:
    """The chart, line by line; no line where there is no room for one."""
    frame = chart.frame
    if not frame.fits:
        return []
    # Here, not above: importing plotext takes longer than the first frame may.
    from textual_plotext.plot import Plot

    plot = Plot()
    # Both, or plotext clips the figure to the terminal (textual-plotext issue 5).
    plot.plotsize(frame.width, frame.height)
    plot._set_size(frame.width, frame.height)
    plot.theme("clear")
    plot.ticks_color(_rgb(chart.axis_colour))
    plot.xaxes(True, False)
    plot.yaxes(True, False)
    plot.xlim(0, 1)
    plot.ylim(0, 1)
    plot.xticks([frame.x.place(tick) for tick in frame.x.ticks], list(frame.x.labels))
    labels = [label.rjust(frame.label_width) for label in frame.y.labels]
    plot.yticks([frame.y.place(tick) for tick in frame.y.ticks], labels)
    plot.scatter([-1], [-1], marker=" ")  # outside: plotext leaves out the axes of no data
    for layer in chart.layers:
        put = plot.plot if layer.joined else plot.scatter
        put(list(layer.x), list(layer.y), marker=layer.marker, color=_rgb(layer.colour))
    for label in chart.names():
        x = label.column / (frame.columns - 1)
        depth = label.lane / (frame.rows - 1)
        y = depth if chart.names_below else 1 - depth
        plot.text(label.text, x, y, color=_rgb(label.colour), style="bold", alignment="left")
    drawn = plot.build()
    return _washed(AnsiDecoder().decode(drawn.translate(_TO_ASCII) if chart.ascii else drawn))


def _washed(decoded: Iterable[Text]) -> list[Text]:
    """The lines with WASH as a coloured ground, also of what was drawn over it in a column."""
    lines = list(decoded)
    grounds: list[dict[int, Ink]] = [_wash(line) for line in lines]
    for column in {column for ground in grounds for column in ground}:
        rows = [row for row, ground in enumerate(grounds) if column in ground]
        for row in range(rows[0], rows[-1]):
            grounds[row + 1].setdefault(column, grounds[row][column])
    for line, ground in zip(lines, grounds, strict=True):
        line.plain = line.plain.replace(WASH, " ")
        for colour, cells in groupby(range(len(line)), key=ground.get):
            first, *others = cells
            if colour is not None:
                line.stylize(Style(bgcolor=colour), first, (others or [first])[-1] + 1)
    return lines


def _wash(line: Text) -> dict[int, Ink]:
    """The colour of each cell of `line` that holds WASH."""
    return {
        place: span.style.color
        for span in line.spans
        if isinstance(span.style, Style) and span.style.color
        for place in range(span.start, span.end)
        if line.plain[place] == WASH
    }


def _rgb(colour: str | None) -> tuple[int, int, int] | str:
    return "default" if colour is None else Color.parse(colour).rgb
