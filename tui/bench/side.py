"""The two sides of the contest, each in a process of its own, and how they are asked to train.

Our package sets how many threads torch and other libraries take, and has threads of its own. Plain
PyTorch must not gain or lose by that; so it trains where none of it is.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

from core.errors import UserError
from tui.bench.process import Place
from tui.bench.rates import Contender, Rate, Round

Enter = Callable[[int, str, float], Sequence[Contender | Rate]]


class Side:
    """A process that runs `module`, which must `serve`. Used in a `with`, at whose end it ends."""

    def __init__(self, module: str, place: Place) -> None:
        self._process = subprocess.Popen(
            (sys.executable, "-m", module),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=place.env,
            cwd=place.folder,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        _fault: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        self._process.kill()
        self._process.communicate()

    def enter(self, size: int, optimizer: str, trial: float) -> tuple[list[Remote], list[Rate]]:
        """Its contenders at a batch size, and those that cannot take part, with the reason.

        Where something can be done in several ways, each is tried for `trial` seconds at a time.
        """
        told = self.ask("enter", size, optimizer, trial)
        present = [Remote(name, how, self) for name, how, takes_part in told if takes_part]
        absent = [Rate(name, how, ()) for name, how, takes_part in told if not takes_part]
        return present, absent

    def ask(self, what: str, *details: object) -> Any:
        """The other process's answer. Raises UserError if it cannot give one."""
        assert self._process.stdin
        assert self._process.stdout
        try:
            print(json.dumps([what, *details]), file=self._process.stdin, flush=True)
            answer = json.loads(self._process.stdout.readline())
        except (OSError, ValueError):
            raise UserError("a process that measures ended before its time") from None
        if "fault" in answer:
            raise UserError(answer["fault"])
        return answer["told"]


@dataclass(frozen=True, slots=True)
class Remote:
    """A contender that trains in its side's process."""

    name: str
    how: str
    side: Side

    def train(self, seconds: float) -> Round:
        return Round(*self.side.ask("train", self.name, seconds))


def serve(enter: Enter) -> None:
    """Answer, on standard output, what is asked on standard input, until that ends.

    `enter` makes the contenders of a batch size, with an optimizer and so many seconds for each
    trial, or the empty rates of those that cannot take part.
    """
    contenders: dict[str, Contender] = {}
    for line in sys.stdin:
        match json.loads(line):
            case ["enter", size, optimizer, trial]:
                contenders.clear()  # their memory is not needed any more
                try:
                    entered = enter(size, optimizer, trial)
                except UserError as fault:
                    _answer(fault=str(fault))
                    continue
                contenders |= {each.name: each for each in entered if not isinstance(each, Rate)}
                _answer(told=[_entry(each) for each in entered])
            case ["train", name, seconds]:
                _answer(told=contenders[name].train(seconds))


def _entry(entered: Contender | Rate) -> tuple[str, str, bool]:
    if isinstance(entered, Rate):
        return entered.contender, entered.how, False
    return entered.name, entered.how, True


def _answer(**answer: object) -> None:
    print(json.dumps(answer), flush=True)
