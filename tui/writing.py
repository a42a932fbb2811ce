"""How the value of a setting is written for people, in the panels and in the events alike."""

from __future__ import annotations

from dataclasses import replace

from core.config import SETTINGS
from core.errors import UserError
from core.optimizers.table import HYPERPARAMETERS, OPTIMIZERS
from core.settings import Setting
from core.snapshot import Event


def written(setting: Setting, value: object) -> str:
    """A value by the name that people know, or with its thousands separated: SGD, 1,000."""
    if setting.name == "optimizer":
        return OPTIMIZERS[str(value)].torch_name
    if isinstance(value, float) and value >= 1000:
        return f"{value:,.6g}"
    return setting.kind.write(value)


def event_text(event: Event) -> str:
    """The event in one line, without its moment."""
    setting = SETTINGS.get(event.what) or HYPERPARAMETERS.get(event.what)
    if setting is None or not setting.live:  # of the data it is a remark, not its value
        return event.text
    before, after = (_rewritten(setting, text) for text in (event.before, event.after))
    return replace(event, before=before, after=after).text


def change_text(line: str, *, in_short: bool = False) -> str:
    """A change that core told in one line, as people read it.

    "optimizer SGD → Adam", or "optimizer → Adam".
    """
    for setting in (*SETTINGS.values(), *HYPERPARAMETERS.values()):
        before, arrow, after = line.removeprefix(f"{setting.title} ").partition(" → ")
        if arrow and line.startswith(f"{setting.title} "):
            was = "" if in_short else f"{_rewritten(setting, before)} "
            return f"{setting.title} {was}→ {_rewritten(setting, after)}"
    return line


def _rewritten(setting: Setting, text: str) -> str:
    """`text`, the value as core writes it, as people read it; as it is, if it says more."""
    try:
        return written(setting, setting.parse(text)) if text else text
    except UserError:  # such as "mini-batch 64"
        return text
