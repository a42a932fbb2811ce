"""The other side: the chapter's loop, the best plain PyTorch loop, and what limits them all."""

from __future__ import annotations

from functools import cache, partial
from pathlib import Path
from typing import Any

import torch
from threadpoolctl import threadpool_limits

from core.data.dataset import Dataset
from core.threads import EVERY, use_threads
from tui.bench import chapter, limit, plain
from tui.bench.problem import mnist
from tui.bench.rates import Best, Loop, fastest
from tui.bench.results import CHAPTER, LIMIT, PLAIN, WHOLE
from tui.bench.side import serve
from tui.format import plural


def enter(
    data: Dataset, lessons: Any, size: int, optimizer: str, trial: float
) -> list[Loop | Best]:
    """Their contenders; `lessons` is the data as the chapter reads it.

    Each way to write the plain loop, and to multiply, is tried for `trial` seconds at a time.
    The fastest with one thread and the fastest with all of them then take part: threads wait for
    each other, so that what a trial says of them may be wrong a moment later.
    """
    plain_ways = [
        [_in_plain(data, size, optimizer, way, PLAIN) for way in ways]
        for ways in plain.ways(size, len(data.train))
    ]
    contenders: list[Loop | Best] = [_best(PLAIN, plain_ways, trial)]
    if optimizer == "sgd":
        contenders += [_chapter(lessons, size), _best(LIMIT, _products(data, size), trial)]
        if size == len(data.train):
            whole = plain.Way(EVERY, "default")
            contenders.append(_in_plain(data, size, optimizer, whole, WHOLE))
    return contenders


def _best(name: str, groups: list[list[Loop]], trial: float) -> Best:
    return Best(name, [fastest(ways, trial) for ways in groups])


def _chapter(lessons: Any, size: int) -> Loop:
    how = f"as printed, {plural(EVERY, 'thread')}"
    return Loop(CHAPTER, how, chapter.updates(lessons, size), partial(use_threads, EVERY))


def _in_plain(data: Dataset, size: int, optimizer: str, way: plain.Way, name: str) -> Loop:
    loop = plain.updates(data, size, optimizer, way)
    return Loop(name, way.how, loop, partial(use_threads, way.threads))


def _products(data: Dataset, size: int) -> list[list[Loop]]:
    """The matrix products by each library, for each number of threads."""
    images = data.train.span(0, size)[0].flatten(1)
    return [
        [
            Loop(
                LIMIT,
                f"{library}, {plural(threads, 'thread')}",
                products(images),
                partial(_use_threads, threads),
            )
            for library, products in limit.LIBRARIES.items()
        ]
        for threads in sorted({1, EVERY})
    ]


def _use_threads(count: int) -> None:
    use_threads(count)
    threadpool_limits(count, user_api="blas")


def main() -> None:
    torch.set_flush_denormal(True)  # as on our side
    folder = Path("data")
    chapter.lay_out(folder)
    data, lessons = mnist(), cache(chapter.train_data)
    serve(lambda size, optimizer, trial: enter(data, lessons(folder), size, optimizer, trial))


if __name__ == "__main__":
    main()
