"""What is to be said when a number leaves its healthy range: the rules, each with its source."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from core.figures import LayerFigures, Layers, Remark

_UNTIL_IT_GOES = 2  # measurements in a row


@dataclass(frozen=True, slots=True)
class Figures:
    """All that the rules are about.

    `first` are the layers as they were when first measured; `start` is the test loss before the
    first update, as long as no other was measured; `guessing` the loss of one who knows nothing.
    """

    layers: Layers
    first: Layers
    start: float | None = None
    guessing: float | None = None


@dataclass(frozen=True, slots=True)
class Range:
    """What is healthy, both ends included."""

    low: float
    high: float


Finding = tuple[float, str]  # how far outside, and in words


@dataclass(frozen=True, slots=True)
class Rule:
    """One thing that is watched: `find` yields all that is outside the `healthy` range."""

    name: str
    measure: str  # in words, for the help
    healthy: Range
    advice: str  # likewise: what it means to be outside
    source: str
    find: Callable[[Figures, Range], Iterator[Finding]]
    when: Callable[[Figures], object]  # tells one measurement from the next
    sure: int = 2  # measurements in a row that it takes until the remark comes


def judge(rule: Rule, figures: Figures) -> Remark | None:
    """What the rule says of the figures: of several things outside, the one furthest out."""
    found = [*rule.find(figures, rule.healthy)]
    return Remark(rule.name, max(found)[1]) if found else None


class Remarks:
    """Listens to figures. A remark goes only once two measurements in a row are healthy."""

    def __init__(self) -> None:
        self.said: tuple[Remark, ...] = ()
        self._standing: dict[str, Remark] = {}
        self._votes: dict[str, int] = {}  # measurements in a row against what is said now
        self._heard: dict[str, object] = {}  # of which measurement

    def hear(self, figures: Figures) -> None:
        """Take in figures, of which some may be those of before."""
        for rule in RULES:
            when = rule.when(figures)
            if when is not None and when != self._heard.get(rule.name):
                self._heard[rule.name] = when
                self._hear(rule, judge(rule, figures))
        self.said = tuple(self._standing[x.name] for x in RULES if x.name in self._standing)

    def _hear(self, rule: Rule, remark: Remark | None) -> None:
        name = rule.name
        stands = name in self._standing
        against = self._votes.get(name, 0) + 1 if stands != (remark is not None) else 0
        decided = against >= (_UNTIL_IT_GOES if stands else rule.sure)
        self._votes[name] = 0 if decided else against
        if remark is not None and (stands or decided):
            self._standing[name] = remark  # where it stood, with its new number
        elif decided:
            del self._standing[name]


def _watched(figures: Figures) -> object:
    return figures.layers.watched


def _surveyed(figures: Figures) -> object:
    return figures.layers.at


def _figure(value: float) -> str:
    """Two significant figures, in the fewest characters: 0.2, 1,300, 3e-05."""
    rounded = float(f"{value:.1e}")
    return f"{rounded:,.0f}" if rounded >= 100 else f"{rounded:.2g}"


def _percent(share: float) -> str:
    return f"{100 * share:.0f} %"


def _fast(figures: Figures, healthy: Range) -> Iterator[Finding]:
    for row in figures.layers.rows:
        if row.update is not None and row.update > healthy.high:
            said = f"update ratio of {row.name} is {_figure(row.update)}"
            yield row.update, f"{said}: the learning rate is probably too high"


def _slow(figures: Figures, healthy: Range) -> Iterator[Finding]:
    """All layers stand almost still, and not because there is nothing left to learn."""
    ratios = [row.update for row in figures.layers.rows if row.update is not None]
    unlearnt = figures.layers.loss > figures.first.loss / 2
    if ratios and unlearnt and max(ratios) < healthy.low:
        said = f"update ratio of every layer is {_figure(max(ratios))} or less"
        yield 1.0, f"{said}: the learning rate is probably too low"


def _dead(figures: Figures, healthy: Range) -> Iterator[Finding]:
    for row in figures.layers.rows:
        if row.dead is not None and row.dead > healthy.high:
            sample = f"all of {figures.layers.examples:,} examples"
            said = f"{_percent(row.dead)} of the units after {row.name} are silent on {sample}"
            yield row.dead, f"{said}: a lower learning rate keeps ReLUs from dying"


def _exploding(figures: Figures, healthy: Range) -> Iterator[Finding]:
    before = {row.name: row.gradient for row in figures.first.rows}
    for row in figures.layers.rows:
        times = row.gradient / (before.get(row.name) or math.inf)
        if times > healthy.high:
            said = f"gradient of {row.name} is {_figure(times)} times what it was at first"
            yield times, f"{said}: it explodes; a lower learning rate may hold it"


def _vanishing(figures: Figures, healthy: Range) -> Iterator[Finding]:
    rows = figures.layers.rows
    strongest: LayerFigures | None = max(rows, key=lambda row: row.gradient, default=None)
    if strongest is None or not strongest.gradient:
        return
    for row in rows:
        share = row.gradient / strongest.gradient
        if row.gradient == 0:
            yield math.inf, f"no gradient reaches {row.name}: it learns nothing"
        elif share < healthy.low:
            said = f"gradient of {row.name} is {_figure(1 / share)} times as small as that of"
            yield 1 / share, f"{said} {strongest.name}: it hardly learns"


def _start(figures: Figures, healthy: Range) -> Iterator[Finding]:
    if figures.start is not None and figures.guessing:
        times = figures.start / figures.guessing
        if times > healthy.high:
            said = f"loss before the first update is {_figure(figures.start)}"
            words = f"{said}, that of guessing {_figure(figures.guessing)}"
            yield times, f"{words}: the inputs or the first weights are too large"


_CS231N = "CS231n, Neural Networks Part"
RULES = (
    Rule(
        "update ratio",
        "how far an update moves a layer's weights, over their length; mean of some updates",
        Range(0.0, 0.05),
        "above, the learning rate is probably too high",
        f"about 0.001 is healthy: Karpathy, {_CS231N} 3 (cs231n.github.io/neural-networks-3)",
        _fast,
        _watched,
        sure=1,
    ),
    Rule(
        "slow updates",
        "the largest of the layers' update ratios, while the loss is above half of what it was",
        Range(1e-5, math.inf),
        "below, the learning rate is probably too low",
        f"the same note: Karpathy, {_CS231N} 3",
        _slow,
        _watched,
    ),
    Rule(
        "dead ReLUs",
        "units behind a ReLU that are 0 on every example of the sample",
        Range(0.0, 0.5),
        "above, a learning rate that is too high has probably pushed them there",
        "Lu et al., Dying ReLU and Initialization, arXiv 1903.06733; "
        f"{_CS231N} 1 on the 40 % that can die",
        _dead,
        _surveyed,
    ),
    Rule(
        "exploding",
        "a layer's gradient, in times of what it was when first measured",
        Range(0.0, 30.0),
        "above, it explodes",
        "Pascanu et al., On the difficulty of training Recurrent Neural Networks, arXiv 1211.5063",
        _exploding,
        _surveyed,
    ),
    Rule(
        "vanishing",
        "a layer's gradient over that of the layer with the longest",
        Range(1e-4, 1.0),
        "below, the layer hardly learns",
        "layers should get gradients of like size: Glorot and Bengio, Understanding the "
        "difficulty of training deep feedforward neural networks, AISTATS 2010",
        _vanishing,
        _surveyed,
    ),
    Rule(
        "first loss",
        "the test loss before the first update, over that of guessing, the logarithm of the "
        "number of classes",
        Range(0.0, 2.0),
        "above, the inputs or the first weights are too large",
        f"{_CS231N} 3, look for correct loss at chance performance",
        _start,
        _surveyed,
        sure=1,
    ),
)
UPDATE_RATIO = RULES[0].healthy
