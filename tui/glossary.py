"""The words for what is measured, for the help: what each figure is, and how it is found."""

from __future__ import annotations

from core.measuring.remarks import RULES, Range
from tui.format import compact

MEASURES = (
    (
        "update",
        "one change of the weights; an epoch is as many as it takes to see all examples once",
    ),
    (
        "seconds",
        "of training: evaluating, measuring, drawing and waiting do not count",
    ),
    (
        "trembling",
        "the spread of the training loss from update to update, around its running mean, over the "
        "latest 200 updates; a steady fall does not count as trembling",
    ),
    (
        "cosine",
        "between each update and the next, the mean over 16 of them: 1 goes straight on, 0 turns "
        "at random, below 0 goes back and forth",
    ),
    (
        "detour",
        "the length of the path over the distance it led, over 16 updates: 1 is straight, 4 is a "
        "walk at random",
    ),
    (
        "noise",
        "the gradient noise scale: how many examples a batch needs until their gradient weighs as "
        "much as its noise (McCandlish et al., arXiv 1812.06162), from 64 gradients of 64 examples",
    ),
    (
        "gradient",
        "of a layer: the length of the mean loss's gradient by its weights, over a sample of 512 "
        "training examples, the same ones each time",
    ),
    (
        "update ratio",
        "the length of an update over that of the layer's weights, the mean over up to 16 updates",
    ),
    (
        "dead",
        "the share of units behind a ReLU that said nothing on any example of the sample; a unit "
        "of a convolution is a channel",
    ),
    (
        "weights",
        "a histogram for each layer, from its largest weight's size below 0 to that above; the "
        "filters of the first layer are its longest ones, each with its largest weight black or "
        "white, and 0 grey",
    ),
    (
        "confusion",
        "which classes were taken for which at the latest evaluation; the surest mistakes are the "
        "test examples judged wrong then and still, by the probability of what is said",
    ),
    (
        "find rate",
        "a range test (L. N. Smith, arXiv 1506.01186): a copy of the run trains at learning rates "
        "that rise until its loss is four times its lowest; suggested is the rate at which the "
        "smoothed loss falls fastest, which is careful: two or three times as much is often better",
    ),
    (
        "path",
        "the weights on a plane: on the one that holds most of all motion, or on one drawn at "
        "random; the axes say how much of it they hold; rings give the distance from the start "
        "where it is drawn in powers of ten",
    ),
    (
        "budget",
        "what each run of a race may spend: training seconds, examples or updates; nobody is ever "
        "more than a slice of 15 ms ahead",
    ),
    (
        "seen here",
        "a claim of the chapter that this race's measurements bear out; not seen here: they do "
        "not; not tested: they do not tell",
    ),
)


def _healthy(range_: Range) -> str:
    bounds = (("from", range_.low), ("up to", range_.high))
    said = [f"{word} {compact(end)}" for word, end in bounds if 0 < end < float("inf")]
    return " ".join(said)


# What is remarked on, when it leaves its healthy range, and by whose rule.
REMARKS = tuple(
    (
        rule.name,
        f"{rule.measure}; healthy {_healthy(rule.healthy)}: {rule.advice} ({rule.source})",
    )
    for rule in RULES
)
