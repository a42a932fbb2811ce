"""Which stepper carries out a run's updates, and why not a faster one."""

from __future__ import annotations

from torch import Tensor

from core.config import RunConfig
from core.data.split import Resident, Split
from core.models.build import Network
from core.optimizers.live import LiveOptimizer
from core.steppers import Stepper
from core.steppers.autograd import AutogradStepper
from core.steppers.compiled import CompiledStepper, why_not_compiled
from core.steppers.fused.chain import Chain, chain_of
from core.steppers.fused.preparation import Preparation
from core.steppers.fused.rules import RULES
from core.steppers.graphs import GraphStepper, keep_on_device, why_not_captured
from core.threads import EVERY


class Steppers:
    """The steppers of one run, made when they are first wanted; they share its weights."""

    def __init__(
        self, network: Network, examples: Split, threads: int | None, kernels: Preparation
    ) -> None:
        self._network = network
        self._examples = examples
        self._device = examples.targets.device
        self._threads = threads
        self._kernels = kernels
        self._every = EVERY
        self._pinned = ""  # the name of the stepper that is to serve, where that was decided
        self._chain: Chain | None = chain_of(network.model)
        self._made: dict[str, Stepper] = {}
        self._served: LiveOptimizer | None = None

    def pin(self, name: str, every: int) -> None:
        """Let the stepper `name` serve, where it can, as on a machine of `every` threads."""
        self._pinned, self._every = name, every

    def best(self, optimizer: LiveOptimizer, config: RunConfig) -> Stepper:
        """The stepper that is to serve, or autograd where it cannot: set to these settings."""
        if optimizer is not self._served:
            self._served = optimizer
            if self._device.type == "cuda":
                keep_on_device(optimizer)
        wanted = self._wanted(config)
        name = "autograd" if self._why_not(wanted, optimizer, config) else wanted
        if name not in self._made:
            self._made[name] = self._make(name, optimizer)
        stepper = self._made[name]
        stepper.optimizer, stepper.every = optimizer, self._every
        if isinstance(stepper, AutogradStepper):
            stepper.precision = config.precision
        return stepper

    def prepare(self, stepper: Stepper, rows: Tensor, total: int) -> None:
        """Let a stepper get ready for these (k, size) examples, each for an update of `total`."""
        if isinstance(stepper, AutogradStepper):
            stepper.prepare(rows, total)

    def why_not_faster(self, optimizer: LiveOptimizer, config: RunConfig) -> str:
        """What keeps the fastest stepper for this device from serving; nothing if it serves."""
        wanted = self._wanted(config)
        if wanted == "autograd":
            by_whom = "the recording was made with" if self._pinned else "you asked for"
            return f"{by_whom} autograd"
        return self._why_not(wanted, optimizer, config)

    def _wanted(self, config: RunConfig) -> str:
        """The name of the stepper that is to serve if it can."""
        name = self._pinned or config.stepper
        return self._fastest if name == "auto" else name

    @property
    def _fastest(self) -> str:
        return "fused" if self._device.type == "cpu" else "graphs"

    def _why_not(self, name: str, optimizer: LiveOptimizer, config: RunConfig) -> str:
        """What keeps a stepper from this run at the moment; nothing if it serves."""
        match name:
            case "autograd":
                return ""
            case "fused":
                return self._why_not_fused(optimizer, config)
            case "graphs":
                return self._why_not_graphs(optimizer)
            case "compiled":
                return why_not_compiled(self._device) or self._fault_of(name)
        return f"there are no updates called {name}"

    def _why_not_fused(self, optimizer: LiveOptimizer, config: RunConfig) -> str:
        if self._device.type != "cpu":
            return "the kernels are for the processor"
        if self._examples.inputs is None:
            return "the kernels are for data that is not streamed"
        if self._network.loss.name != "cross-entropy" or self._network.loss.own:
            return "the kernels are for the cross-entropy"
        if self._chain is None:
            return "the kernels are for chains of linear layers"
        if config.precision != "float32":
            return "the kernels compute in float32"
        if optimizer.spec.name not in RULES:
            return f"there is no kernel for {optimizer.spec.torch_name}"
        if self._kernels.fault:
            return self._kernels.fault
        return "" if self._kernels.ready else "the kernels are being compiled"

    def _why_not_graphs(self, optimizer: LiveOptimizer) -> str:
        if self._device.type != "cuda":
            return "CUDA graphs are for NVIDIA cards"
        if self._examples.inputs is None:
            return "CUDA graphs are for data that is not streamed"
        return why_not_captured(optimizer) or self._fault_of("graphs")

    def _fault_of(self, name: str) -> str:
        made = self._made.get(name)
        return made.fault if isinstance(made, GraphStepper | CompiledStepper) else ""

    def _make(self, name: str, optimizer: LiveOptimizer) -> Stepper:
        (model, loss), examples, threads = self._network, self._examples, self._threads
        collects = self._device.type != "cpu"  # else it does not work on by itself
        if name == "fused":
            from core.steppers.fused.stepper import FusedStepper

            inputs = examples.inputs
            assert inputs is not None
            assert self._chain is not None
            return FusedStepper(self._chain, optimizer, inputs, examples.targets, threads)
        if name == "graphs":
            assert isinstance(examples, Resident)
            return GraphStepper(model, loss, optimizer, examples, threads)
        cls = CompiledStepper if name == "compiled" else AutogradStepper
        return cls(model, loss, optimizer, examples, threads, collects=collects)
