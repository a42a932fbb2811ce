"""The machine's figures stand in columns with their units, and are read only while it matters."""

from __future__ import annotations

import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from textual.pilot import Pilot
from textual.screen import ModalScreen

from core.machine import LONGEST, Card, Machine
from core.snapshot import State
from tests.tui import views
from tests.tui.stage import Hands, Stage
from tui.display import Display
from tui.widgets.machine import SECONDS, MachinePanel
from tui.widgets.machine_sheet import MINUTE, Curves
from tui.widgets.sparkline import ASCII_BARS, BARS

GIB = 2**30
MACHINE = Machine(187.0, 2, 1, int(1.21 * GIB), int(3.1 * GIB), 8 * GIB, ())
CARD = Card(
    index=0,
    name="NVIDIA H100 80GB HBM3",
    ours=True,
    utilisation=0.97,
    memory_used=int(61.2 * GIB),
    memory_total=int(79.6 * GIB),
    temperature=71,
    power=345.678,
    power_limit=700.0,
)
RUNNING = views.company(views.run_view(State.RUNNING))
PAUSED = views.company(views.run_view(State.PAUSED))


@pytest.fixture(autouse=True)
def no_heart_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    """The panel's timer is too slow to be in the way; tests beat in its place."""
    monkeypatch.setattr("tui.widgets.machine._BEAT", 3600.0)


class Meter:
    """Gives these readings one after the other, then the last again and again."""

    def __init__(self, *readings: Machine) -> None:
        self._readings = readings
        self.count = 0
        self.threads: set[threading.Thread] = set()
        self.go = threading.Event()
        self.go.set()

    def read(self) -> Machine:
        self.go.wait()
        self.threads.add(threading.current_thread())
        self.count += 1
        return replace(self._readings[min(self.count, len(self._readings)) - 1])


@dataclass
class Held:
    """A panel in the hands of a test: its heart beats when it is told to."""

    panel: MachinePanel
    stage: Stage
    pilot: Pilot[None]
    meter: Meter
    hands: Hands

    @property
    def text(self) -> str:
        return self.stage.text

    @property
    def lines(self) -> list[str]:
        """What is written within the frame."""
        return [line.strip("│|").rstrip() for line in self.text.splitlines()[1:-1]]

    async def second(self, count: int = 1) -> None:
        """Let seconds pass, and the reading that is asked for, if any, come to the screen."""
        for _ in range(count):
            self.hands.time += SECONDS
            self.beat()
            self.finish()
            self.beat()
        await self.pilot.pause()

    def beat(self) -> None:
        """What the panel's timer does as long as it runs."""
        if self.panel._heart._active.is_set():
            self.panel.beat()

    def finish(self) -> None:
        """Wait until the reading under way has come."""
        if self.panel._watch._thread:
            self.panel._watch._thread.join()


@asynccontextmanager
async def held(
    *readings: Machine, size: tuple[int, int] = (37, 9), ascii: bool = False
) -> AsyncIterator[Held]:
    meter, hands = Meter(*readings or (MACHINE,)), Hands()
    panel = MachinePanel(Display(ascii=ascii), now=hands, meter=meter)  # type: ignore[arg-type]
    stage = Stage(panel, ascii=ascii)
    async with stage.run_test(size=size) as pilot:
        await pilot.pause()
        yield Held(panel, stage, pilot, meter, hands)


async def training(
    *readings: Machine, size: tuple[int, int] = (37, 9), ascii: bool = False, seconds: int = 2
) -> list[str]:
    """The lines after so many seconds of training."""
    async with held(*readings, size=size, ascii=ascii) as on:
        on.panel.show_company(RUNNING)
        await on.second(seconds)
        return on.lines


def words(lines: list[str]) -> list[list[str]]:
    """The words of each line, without bars and curves."""
    drawn = set("".join((BARS, "━╸─=.")).strip())
    return [[word for word in line.split() if not set(word) <= drawn] for line in lines]


# What stands there


async def test_the_process_and_the_computer_have_their_lines() -> None:
    told = words(await training(size=(37, 5)))
    assert told == [
        ["processor", "1.87/2", "cores"],
        ["memory", "1.21", "GiB"],
        ["computer", "3.10/8.00", "GiB"],
    ]


async def test_where_it_is_wide_there_is_room_around_the_figures() -> None:
    told = words(await training(size=(80, 5)))
    assert told[0] == ["processor", "1.87", "of", "2", "cores"]
    assert told[2] == ["computer", "3.10", "of", "8.00", "GiB"]


async def test_a_card_has_its_name_and_a_line_for_each_figure() -> None:
    told = words(await training(replace(MACHINE, cards=(CARD,)), size=(37, 9)))
    assert told[3:] == [
        ["GPU", "0", "NVIDIA", "H100", "80GB", "HBM3", "71", "°C"],
        ["use", "97", "%"],
        ["memory", "61.2/79.6", "GiB"],
        ["power", "346/700", "W"],
    ]


async def test_without_a_card_none_is_spoken_of() -> None:
    assert "GPU" not in " ".join(await training(size=(80, 30)))


@pytest.mark.parametrize(
    ("untold", "words_of_it"),
    [
        ({"utilisation": None}, ["use", "%"]),
        ({"memory_used": None, "memory_total": None}, ["memory"]),
        ({"temperature": None}, ["71", "°C"]),
        ({"power": None}, ["power", "W"]),
    ],
)
@pytest.mark.parametrize("size", [(37, 12), (34, 7)])
async def test_what_a_card_does_not_tell_is_not_shown(
    untold: dict[str, None], words_of_it: list[str], size: tuple[int, int]
) -> None:
    silent = replace(CARD, **untold)
    cards = (silent,) if size == (37, 12) else (silent, silent)
    lines = words(await training(replace(MACHINE, cards=cards), size=size))
    of_cards = lines[next(i for i, line in enumerate(lines) if line[:1] == ["computer"]) + 1 :]
    assert ["0"] in ([line[:1] for line in of_cards] + [line[1:2] for line in of_cards])
    assert not {word for line in of_cards for word in line} & set(words_of_it)


async def test_a_power_without_a_limit_has_no_bar() -> None:
    card = replace(CARD, power_limit=None)
    *_, power = await training(replace(MACHINE, cards=(card,)), size=(37, 9))
    assert power.split() == ["power", "346", "W"]


async def test_cards_for_which_there_is_no_room_have_a_line_each() -> None:
    cards = tuple(replace(CARD, index=i, temperature=40 + i) for i in range(4))
    lines = await training(replace(MACHINE, cards=cards), size=(34, 10))
    assert [line.split() for line in lines[3:]] == [
        ["GPU", "use", "GiB", "°C", "W"],
        *([str(i), "97", "%", "61.2/79.6", str(40 + i), "346"] for i in range(4)),
    ]


async def test_of_more_cards_still_the_first_are_shown_and_the_others_counted() -> None:
    cards = tuple(replace(CARD, index=i) for i in range(8))
    lines = await training(replace(MACHINE, cards=cards), size=(34, 10))
    assert [line.split()[0] for line in lines[4:7]] == ["0", "1", "2"]
    assert lines[7] == " and 5 more: F gives room"


async def test_the_columns_stand_still_whatever_the_figures() -> None:
    busy = replace(MACHINE, processor=199.0, memory_used=MACHINE.memory_total, cards=(CARD,))
    idle = replace(busy, processor=0.4, resident=GIB // 20, memory_used=GIB // 10)
    idle = replace(idle, cards=(replace(CARD, utilisation=0.0, memory_used=0, power=9.0),))
    for size in ((34, 9), (64, 20)):
        one, other = [await training(machine, size=size) for machine in (busy, idle)]
        assert [line[:10].strip() for line in one] == [line[:10].strip() for line in other]
        for unit in ("cores", " GiB", " %", " W", "°C"):
            assert [line.find(unit) for line in one] == [line.find(unit) for line in other]


async def test_what_the_system_does_not_tell_is_not_shown() -> None:
    nothing = Machine(None, 1, 1, None, None, None, ())
    assert words(await training(nothing, size=(37, 5))) == [["processor", "-/1", "core"], [], []]


async def test_child_processes_are_spoken_of_where_there_are_some() -> None:
    async with held(replace(MACHINE, processes=5), size=(80, 9)) as on:
        on.panel.show_company(RUNNING)
        await on.second()
        assert "with 4 child processes, curves: the last minute" in on.text


async def test_ascii_is_seven_bits() -> None:
    async with held(replace(MACHINE, cards=(CARD,)), size=(60, 14), ascii=True) as on:
        on.panel.show_company(RUNNING)
        await on.second(3)
        assert on.text.isascii()
        assert "71 C" in on.text


@pytest.mark.parametrize("size", [(1, 1), (3, 30), (20, 3), (12, 5), (200, 60)])
@pytest.mark.parametrize("cards", [0, 1, 8])
async def test_any_size_will_do(size: tuple[int, int], cards: int) -> None:
    async with held(replace(MACHINE, cards=(CARD,) * cards), size=size) as on:
        on.panel.show_company(RUNNING)
        await on.second(3)
        await on.pilot.resize_terminal(80, 14)
        await on.pilot.pause()
        assert "1.87 of 2 cores" in on.text


# Curves


def drawn(
    shares: list[float | None], width: int, height: int = 1, ascii: bool = False
) -> list[str]:
    curves = Curves()
    for share in shares:
        processor = None if share is None else 200 * share
        curves.add(replace(MACHINE, processor=processor))
    return curves.drawn("processor", width, height, ascii=ascii)


def test_a_curve_ends_with_the_newest_at_the_right() -> None:
    assert drawn([0.0, 0.5, 1.0], MINUTE) == [f"{'▁▅█':>{MINUTE}}"]
    assert drawn([0.0, 1.0], MINUTE, height=2) == [f"{' █':>{MINUTE}}", f"{'▁█':>{MINUTE}}"]
    assert drawn([0.0, 1.0], MINUTE, ascii=True) == [f"{'.@':>{MINUTE}}"]


def test_a_reading_without_a_share_is_a_gap() -> None:
    assert drawn([1.0, None, 1.0], MINUTE)[0].endswith("█ █")


def test_with_few_columns_each_is_the_mean_of_several_readings() -> None:
    assert drawn([1.0, 0.0, 1.0, 0.0], MINUTE // 2) == [f"{'▅▅':>{MINUTE // 2}}"]


def test_a_column_once_complete_keeps_its_height() -> None:
    shares: list[float | None] = [(7 * i % 11) / 10 for i in range(40)]
    before, after = (drawn(shares[:count], 10)[0].strip() for count in (36, 40))
    assert after.startswith(before)


shares = st.one_of(st.none(), st.floats(0, 20, allow_nan=False))


@given(st.lists(shares, max_size=150), st.integers(0, 100), st.integers(1, 3), st.booleans())
def test_a_curve_fills_its_room_exactly(
    values: list[float | None], width: int, height: int, ascii: bool
) -> None:
    lines = drawn(values, width, height, ascii)
    assert [len(line) for line in lines] == [width] * height
    assert set("".join(lines)) <= set(ASCII_BARS if ascii else BARS)


@given(st.lists(st.floats(0, 1), min_size=MINUTE, max_size=130), st.integers(1, 3))
def test_the_higher_the_share_the_higher_the_column(values: list[float], height: int) -> None:
    lines = drawn(list(values), MINUTE, height)
    heights = [sum(BARS.index(line[i]) for line in lines) for i in range(MINUTE)]
    for share, tall in zip(values[-MINUTE:], heights, strict=True):
        assert tall == pytest.approx(1 + share * (8 * height - 1), abs=0.5)


# When it is read


async def test_while_something_trains_it_is_read_once_a_second_in_another_thread() -> None:
    async with held() as on:
        on.panel.show_company(RUNNING)
        await on.second(10)
        assert on.meter.count == 10
        on.beat()
        on.beat()
        assert on.meter.count == 10
        assert threading.current_thread() not in on.meter.threads


async def test_any_run_that_trains_will_do() -> None:
    both = views.company(
        views.run_view(State.PAUSED), views.run_view(State.RUNNING, id=1), selected=0
    )
    async with held() as on:
        on.panel.show_company(both)
        await on.second(10)
        assert on.meter.count == 10


async def test_a_reading_that_hangs_keeps_nobody_waiting_and_no_other_is_begun() -> None:
    async with held(MACHINE, replace(MACHINE, processor=23.0)) as on:
        on.panel.show_company(RUNNING)
        await on.second()
        on.meter.go.clear()
        for _ in range(5):
            on.hands.time += SECONDS
            on.beat()
        assert "1.87/2 cores" in on.text
        assert on.meter.count == 1
        on.meter.go.set()
        on.finish()
        assert on.meter.count == 2
        on.beat()
        await on.pilot.pause()
        assert "0.23/2 cores" in on.text


async def test_a_paused_app_reads_twice_when_the_panel_comes_into_view_and_then_rests() -> None:
    async with held() as on:
        on.panel.show_company(PAUSED)
        await on.second(10)
        assert on.meter.count == 2
        assert "renewed while it trains" in on.text
        assert not on.panel._heart._active.is_set()


async def test_a_pause_ends_the_readings_and_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    readings = [replace(MACHINE, processor=float(i)) for i in range(100)]
    async with held(*readings) as on:
        on.panel.show_company(RUNNING)
        await on.second(5)
        on.panel.show_company(PAUSED)
        on.beat()
        await on.pilot.pause()
        assert "renewed while it trains" in on.text
        painted: list[object] = []
        with monkeypatch.context() as watched:
            for part in (on.panel, on.panel.lines):
                watched.setattr(part, "refresh", lambda *regions: painted.append(regions))
            await on.second(5)
            on.panel.show_company(PAUSED)
        assert on.meter.count == 5
        assert not painted


async def test_while_paused_the_focus_renews_the_figures() -> None:
    async with held(*(replace(MACHINE, processor=100.0 + i) for i in range(10))) as on:
        on.panel.show_company(PAUSED)
        await on.second(5)
        assert on.meter.count == 2
        on.stage.set_focus(None)
        await on.pilot.pause()
        on.panel.focus()
        await on.pilot.pause()
        await on.second(5)
        assert on.meter.count == 4


@pytest.mark.parametrize("company", [RUNNING, PAUSED])
async def test_out_of_view_nothing_is_read(company: object) -> None:
    async with held() as on:
        on.panel.show_company(RUNNING)
        await on.second(3)
        on.panel.display = False
        await on.pilot.pause()
        await on.second(5)
        assert on.meter.count == 3
        on.panel.display = True
        await on.pilot.pause()
        on.panel.show_company(company)  # type: ignore[arg-type]
        await on.second(2)
        assert on.meter.count == 5


async def test_under_a_dialog_nothing_is_read_or_painted() -> None:
    async with held() as on:
        on.panel.show_company(RUNNING)
        await on.second(3)
        await on.stage.push_screen(ModalScreen())
        await on.second(5)
        assert on.meter.count == 3
        on.stage.pop_screen()
        await on.pilot.pause()
        await on.second(1)
        assert on.meter.count == 4


async def test_a_curve_begins_anew_after_a_gap() -> None:
    async with held(size=(64, 12)) as on:
        on.panel.show_company(RUNNING)
        await on.second(9)
        assert on.text.count("█") > 9
        on.hands.time += LONGEST
        await on.second()
        assert 0 < on.text.count("█") <= 3
