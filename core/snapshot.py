"""What the engine shows: immutable pictures of its state, of which the latest wins.

Everything here is frozen, and no array in it is written after it was published; the screen
may keep and draw any of it without a lock.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from core.config import RunConfig, title_of
from core.finding import Finding

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from core.data.spec import DataSpec
    from core.figures import Confusion, Instrument, Layers, Remark, Weights
    from core.racing.race import Budget

    Floats = NDArray[np.float64]


MILESTONES = (0.80, 0.90, 0.95)  # test accuracies of which it is kept when they were reached


class State(StrEnum):
    """What a run is doing."""

    LOADING = "loading"  # torch, data and model are not there yet
    READY = "ready"  # not one update made
    RUNNING = "running"
    PAUSED = "paused"
    FINISHED = "finished"  # a stop condition was met
    DIVERGED = "diverged"  # the loss is not finite any more
    FAILED = "failed"  # an error ended the last slice, or loading


class Clock(StrEnum):
    """What a curve is drawn against."""

    UPDATES = "updates"
    EXAMPLES = "examples"
    SECONDS = "seconds"  # of training: evaluating, drawing and waiting do not count


@dataclass(frozen=True, slots=True)
class Moment:
    """A point of a run on its three clocks; `epoch` is examples over the training set's size."""

    updates: int = 0
    examples: int = 0
    seconds: float = 0.0
    epoch: float = 0.0

    def on(self, clock: Clock) -> float:
        return {
            Clock.UPDATES: float(self.updates),
            Clock.EXAMPLES: float(self.examples),
            Clock.SECONDS: self.seconds,
        }[clock]


@dataclass(frozen=True, slots=True)
class Event:
    """Something that changed in a run: when, what it was, what it is, what had to be reset."""

    number: int  # counts up within a run, from 1
    at: Moment
    what: str  # the setting's name, or "stepper", "diverged", "reset", "went back", "error"
    before: str = ""
    after: str = ""
    note: str = ""

    @property
    def text(self) -> str:
        """The event in one line, without its moment."""
        change = f"{self.before} → {self.after}" if self.before and self.after else self.after
        said = f"{title_of(self.what)} {change}".strip()
        return f"{said}; {self.note}" if self.note else said


@dataclass(frozen=True, slots=True)
class Phase:
    """A stretch of a run under one strategy and batch size; it begins at `start`."""

    strategy: str
    batch_size: int
    start: Moment


@dataclass(frozen=True, slots=True, eq=False)  # it holds arrays: by identity
class Curve:
    """A bounded series along one clock: entry i stands for `count[i]` values.

    All arrays have one length. `x` is the clock at the bucket's last value; `mean`, `low`,
    `high` and `last` are over its finite values. Buckets without values are left out.
    """

    x: Floats
    mean: Floats
    low: Floats
    high: Floats
    last: Floats
    count: Floats


@dataclass(frozen=True, slots=True, eq=False)  # it holds arrays: by identity
class History:
    """The curves of a run on each clock, and the phases that drew them."""

    revision: int
    train_loss: Mapping[Clock, Curve]
    test_loss: Mapping[Clock, Curve]
    test_accuracy: Mapping[Clock, Curve]
    phases: tuple[Phase, ...]


@dataclass(frozen=True, slots=True, eq=False)  # it holds arrays: by identity
class Digits:
    """Some test examples and what the network says of them at this moment.

    `images` is (k, height, width) or (k, height, width, 3), uint8; the same object as long as
    the same examples are shown; None of examples that are no pictures, whose `inputs` (k, ...)
    float32 are shown instead. `probabilities` is (k, classes), float32, each row of sum 1.
    """

    indices: tuple[int, ...]  # places in the test set
    labels: tuple[int, ...]
    images: NDArray[np.uint8] | None
    probabilities: NDArray[np.float32]
    classes: tuple[str, ...]
    inputs: NDArray[np.float32] | None = None


@dataclass(frozen=True, slots=True, eq=False)  # it holds arrays: by identity
class Numbers:
    """Some test examples, their numbers, and those that the network tells at this moment.

    `true` and `predicted` are (k, t), float32, `targets` the names of the t numbers.
    """

    indices: tuple[int, ...]  # places in the test set
    true: NDArray[np.float32]
    predicted: NDArray[np.float32]
    targets: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Evaluation:
    """How the network did on the whole test set.

    Of classes, `accuracy` is the share judged right; of numbers, `r2` is the coefficient of
    determination, at most 1.
    """

    at: Moment
    loss: float
    accuracy: float | None = None
    r2: float | None = None

    @property
    def score(self) -> float:
        """What is the better the higher it is: to compare those of one run."""
        known = [score for score in (self.accuracy, self.r2) if score is not None]
        return known[0] if known else -self.loss


@dataclass(frozen=True, slots=True)
class Steadiness:
    """How straight the path of the weights is, over some successive updates.

    `cosine` is the mean cosine between one update and the next; `detour` the length of the path
    over the distance it led; `updates` how many were watched, the last of them at `at`;
    `seconds` what watching cost, off the training clock.
    """

    cosine: float
    detour: float
    updates: int
    at: Moment
    seconds: float


@dataclass(frozen=True, slots=True)
class NoiseScale:
    """The simple gradient noise scale (McCandlish et al., arXiv 1812.06162), in examples.

    None where the gradient is lost in its noise, so that the estimate means nothing. `seconds`
    is what the latest measurement cost, off the training clock.
    """

    examples: float | None
    at: Moment
    seconds: float


class MomentKind(StrEnum):
    """Why a moment of a run was kept."""

    BEGINNING = "beginning"
    CHANGE = "change"  # as it was before something was changed
    EPOCH = "epoch"  # the end of one
    INTERVAL = "interval"  # some time after the one before
    LEFT = "left"  # as it was when the run went to another moment

    @property
    def ordinary(self) -> bool:
        """Whether there will be more of the kind: they are the first to be given up."""
        return self in (MomentKind.EPOCH, MomentKind.INTERVAL)


@dataclass(frozen=True, slots=True)
class MomentView:
    """An earlier moment that a run can return to."""

    id: int
    at: Moment
    kind: MomentKind
    what: str  # of a change: what was changed then, in one line
    test_loss: float | None  # of the latest evaluation then
    test_accuracy: float | None
    on_path: bool  # whether the run came by it on its way to where it is now
    here: bool  # whether it is where the run is now


@dataclass(frozen=True, slots=True)
class TimelineView:
    """The moments of a run in the order in which they were kept, and the memory they take."""

    moments: tuple[MomentView, ...] = ()
    megabytes: float = 0.0
    bound: float = 0.0  # megabytes
    undo: MomentView | None = None  # where taking back the last change leads; `what` it was
    redo: MomentView | None = None


@dataclass(frozen=True, slots=True)
class ScriptView:
    """How far the replay of a journal is; `speed` 1 is as fast as it was recorded."""

    source: str
    seconds: float  # of the recording
    of: float  # seconds in all
    speed: float | None  # None: as fast as can be
    playing: bool
    over: bool
    compared: int = 0  # hashes of the weights
    different: int = 0  # of these


@dataclass(frozen=True, slots=True)
class Saving:
    """Where a run is saved, up to which moment it is, and what keeps it from being saved."""

    folder: str
    name: str = ""  # of the run's folder, by which `gd-tui resume` knows it
    at: Moment | None = None  # None before the first time
    trouble: str = ""


@dataclass(frozen=True, slots=True)
class LoopView:
    """Of a training loop that is not ours: why its batch size cannot change; "" if it can."""

    fixed: str = ""


@dataclass(frozen=True, slots=True, eq=False)  # it holds arrays: by identity
class RunView:
    """One run as it stands."""

    name: str
    state: State
    config: RunConfig  # as it is now, after every change
    data: DataSpec
    model_title: str  # "SimpleNet 784-128-10"
    device: str  # "cpu", "cuda"
    residence: str  # of the training data: "resident", "streamed"
    stepper: str  # "fused", "autograd"
    slower_because: str  # why no faster stepper serves; empty where the fastest does
    threads: int
    training_examples: int
    at: Moment
    examples_per_update: int  # the next update's usual size, under the strategy
    update_progress: float  # the share of an update under way that is done, 0 between updates
    learning_rate: float  # after the schedule
    updates_per_second: float  # of wall time, over the last second or so; 0 when not running
    examples_per_second: float
    train_loss: float | None  # running mean: over the latest 4,000 examples, at least one update
    trembling: float | None  # spread of the loss from update to update, under this strategy
    recent: NDArray[np.float32]  # the loss of each of the latest updates, oldest first
    seconds_per_update: Mapping[str, float]  # measured, by strategy; absent: not yet tried
    evaluation: Evaluation | None  # the latest
    best: Evaluation | None  # the one of highest accuracy
    events: tuple[Event, ...]  # the latest few hundred, oldest first
    history: History
    digits: Digits | Numbers | None
    reason: str = ""  # why it is in this state, in one line: a stop condition, an error, ...
    way_back: Moment | None = None  # where GoBack would lead, if anywhere
    id: int = 0  # never given to another run
    parent: str = ""  # the name of the run that it was forked from, as it was then
    parent_id: int | None = None
    forked_at: Moment | None = None
    parted_by: str = ""  # what it has since changed, in one line: "learning rate 0.01 → 0.1"
    reached: Mapping[float, Moment] = field(default_factory=dict)  # first at such an accuracy
    steadiness: Steadiness | None = None
    noise_scale: NoiseScale | None = None
    layers: Layers | None = None
    weights: Weights | None = None
    confusion: Confusion | None = None
    remarks: tuple[Remark, ...] = ()
    troubles: Mapping[Instrument, str] = field(default_factory=dict)  # why one shows nothing
    timeline: TimelineView = TimelineView()
    glimpse: int | None = None  # the id of the moment that is looked at, if any
    then: RunView | None = None  # the run as it was at that moment
    saving: Saving | None = None  # None where runs are not saved
    script: ScriptView | None = None  # of a replay
    loop: LoopView | None = None  # of a loop that is not ours
    finding: Finding | None = None  # of the learning-rate finder, while it is asked for

    @property
    def updates_per_epoch(self) -> int:
        """The last one may take fewer examples than the others."""
        return -(-self.training_examples // self.examples_per_update)


@dataclass(frozen=True, slots=True)
class RaceView:
    """A race on an equal budget: who takes part, and how much of the budget each has spent."""

    budget: Budget
    lanes: tuple[int, ...]  # ids of runs
    starts: Mapping[int, Moment]  # where each lane began
    spent: Mapping[int, float]  # in the budget's unit; of an update under way, the done share
    over: bool


@dataclass(frozen=True, slots=True, eq=False)  # it holds arrays: by identity
class Plane:
    """The paths of the runs' weights on a plane: by run id, (k, 2), oldest first.

    All are seen from the common start, which lies at (0, 0); both axes are in one unit.
    `shares` of the motion, 0 to 1, are what the first and the second axis hold.
    """

    paths: Mapping[int, Floats]
    shares: tuple[float, float]


@dataclass(frozen=True, slots=True, eq=False)  # it holds arrays: by identity
class Paths:
    """The runs' paths, on the plane that holds most of the motion and on one drawn at random.

    `principal` is None where the network is too large for it.
    """

    revision: int
    principal: Plane | None
    random: Plane


@dataclass(frozen=True, slots=True)
class Notice:
    """A line that answers a command which could not be carried out."""

    number: int
    text: str


@dataclass(frozen=True, slots=True)
class Loading:
    """What is being prepared before the first run exists; `share` is the part done, 0 to 1."""

    what: str = "starting"
    share: float = 0.0


@dataclass(frozen=True, slots=True, eq=False)  # it holds arrays: by identity
class Snapshot:
    """What the engine shows at one instant. `revision` grows with every publication."""

    revision: int = 0
    loading: Loading | None = field(default_factory=Loading)
    runs: tuple[RunView, ...] = ()
    notice: Notice | None = None
    error: str = ""  # the one line to show when loading failed, or the engine broke
    fault: Any = None  # the exception behind it
    answered: int = 0  # how many commands were obeyed, or refused with a notice
    selected: int = 0  # the id of the run that is shown, and that commands are for
    base: RunConfig | None = None  # the settings that a race begins with
    race: RaceView | None = None
    paths: Paths | None = None  # from the first fork or race on
    dropped: tuple[str, ...] = ()  # names of runs that can be brought back, the latest last
    held: bool = False  # nothing moves until it is released

    @property
    def run(self) -> RunView | None:
        """The run that is shown, once there is one."""
        return next((run for run in self.runs if run.id == self.selected), None)
