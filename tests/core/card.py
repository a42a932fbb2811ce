"""A second device that is none: its tensors lie in the computer's memory, and behave as a card's.

They cannot be read as NumPy's, nor be mixed with those of the processor. What is asked of them
is done by the processor, through torch's interface for devices that are written in Python. It is
for a process of its own: no other such device can be there.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.utils._pytree import tree_leaves, tree_map
from torch.utils.backend_registration import _setup_privateuseone_for_python_backend

_setup_privateuseone_for_python_backend("card")
CARD = torch.device("card:0")

aten = torch.ops.aten
_held: dict[int, Tensor] = {}  # what tensors of the card hold, by their storage
_VIEWS = (aten.view.default, aten._unsafe_view.default)


def _sent(held: Tensor) -> Tensor:
    sent: Tensor = torch._C._acc.create_empty_tensor(held.shape, held.dtype)  # type: ignore[attr-defined]
    _held[sent.untyped_storage()._cdata] = held
    return sent


def _is_sent(value: object) -> bool:
    return isinstance(value, Tensor) and value.device.type == "card"


def _back(value: Any) -> Any:
    return _held[value.untyped_storage()._cdata] if _is_sent(value) else value


def _by_the_processor(operation: Any, *args: Any, **given: Any) -> Any:
    """Do it with what the tensors hold; what was on the card before stays the same tensor."""
    if operation is aten._copy_from.default:
        _back(args[1]).copy_(_back(args[0]))
        return args[1]
    tensors = [each for each in tree_leaves((args, given)) if isinstance(each, Tensor)]
    mixed = any(_is_sent(each) for each in tensors) and any(
        each.dim() for each in tensors if not _is_sent(each)
    )
    if mixed and operation is not aten.copy_.default:
        raise RuntimeError(f"{operation}: expected all tensors to be on the same device")
    if "device" in given:
        wanted = given["device"]
        given["device"] = wanted if wanted and wanted.type != "card" else torch.device("cpu")
    given.pop("pin_memory", None)
    before = {id(_back(each)): each for each in tensors if _is_sent(each)}
    held, more = tree_map(_back, (args, given))
    said = held[0].reshape(held[1]) if operation in _VIEWS else operation(*held, **more)

    def sent(value: Any) -> Any:
        if not isinstance(value, Tensor):
            return value
        return before[id(value)] if id(value) in before else _sent(value)

    return tree_map(sent, said)


def _makes_another(schema: Any) -> bool:
    """Whether it is a function of tensors that makes others."""
    takes = any("Tensor" in str(argument.type) for argument in schema.arguments)
    return takes and not schema.is_mutable and not any(r.alias_info for r in schema.returns)


def _register() -> None:
    """Let it all be done so; also what torch would else do by way of tensors that grow."""
    anything.fallback(_by_the_processor, "PrivateUse1")
    has = torch._C._dispatch_has_kernel_for_dispatch_key
    known = set(torch._C._dispatch_get_all_op_names())
    for schema in torch._C._jit_get_all_schemas():
        name = schema.name + (f".{schema.overload_name}" if schema.overload_name else "")
        if name not in known or not name.startswith("aten::") or not _makes_another(schema):
            continue
        if any(word in name for word in ("_copy", "clone", "lift")) or not has(name, "CPU"):
            continue
        composite = (f"CompositeExplicitAutograd{kind}" for kind in ("", "NonFunctional"))
        if any(has(name, key) for key in composite):
            operation = getattr(getattr(aten, schema.name[6:]), schema.overload_name or "default")
            these.impl(name[6:], _done_by(operation), "PrivateUse1")


def _done_by(operation: Any) -> Any:
    return lambda *args, **given: _by_the_processor(operation, *args, **given)


anything, these = torch.library.Library("_", "IMPL"), torch.library.Library("aten", "IMPL")
_register()
