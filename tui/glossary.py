"""The words for what is measured, for the help: what each figure is, and how it is found."""

from __future__ import annotations

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
