"""What a saved run may name of the user's own, and what the user has to name again.

A file that names code might have come from anybody: code is imported only where the user names
it. A run that trains a network or data of their own code goes on once they do so again.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType

from core.config import RunConfig
from core.data.catalog import DATA_SETS
from core.errors import UserError
from core.models.catalog import MODELS
from core.naming import SCRIPT, is_reference

OWN = {"model": "network", "data": "data"}  # settings that may name code, and what they are of
_KNOWN: Mapping[str, Mapping[str, object]] = {"model": MODELS, "data": DATA_SETS}
NOTHING: Mapping[str, str] = MappingProxyType({})


def with_own(config: RunConfig, named: Mapping[str, str]) -> RunConfig:
    """The settings that were saved, with the network and the data that the user has named.

    Raises UserError if there is code in them that was not named, or if what was named cannot
    take the place of what was saved.
    """
    for setting, what in OWN.items():
        saved = getattr(config, setting)
        if setting in named and saved != named[setting] and saved in _KNOWN[setting]:
            raise UserError(
                f"{setting}: the run's {what} is {saved}, and cannot be another", setting=setting
            )
        if is_reference(saved) and setting not in named:
            raise UserError(f"the run's {what} {_to_name_again(setting, saved)}", setting=setting)
    return replace(
        config, model=named.get("model", config.model), data=named.get("data", config.data)
    )


def _to_name_again(setting: str, saved: str) -> str:
    if saved.startswith(f"{SCRIPT}:"):
        given = f"gd_tui.engine({setting}=..., resume=...)"
        return f"is {saved}, an object of a script; give it again: {given}"
    return (
        f"is code of your own, {saved}; to let it be imported, name it again: --{setting} {saved}"
    )


def named_by(config: RunConfig) -> dict[str, str]:
    """What of the user's own the settings of a run name, who therefore has named it already."""
    chosen = {setting: getattr(config, setting) for setting in OWN}
    return {setting: name for setting, name in chosen.items() if name not in _KNOWN[setting]}
