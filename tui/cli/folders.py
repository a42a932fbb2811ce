"""Finding the folder of a run that somebody named."""

from __future__ import annotations

import os
from pathlib import Path

from core.errors import UserError, did_you_mean
from core.saving.folder import JOURNAL, STATUS, RunFolder


def default_runs() -> Path:
    """Where runs are saved unless another folder is named."""
    from platformdirs import user_data_path

    return user_data_path("gd-tui", appauthor=False) / "runs"


def all_runs(runs: Path) -> list[RunFolder]:
    """The runs below a folder, the one saved last first. Raises UserError if it cannot be read."""
    try:
        found = [RunFolder(path) for path in runs.iterdir() if is_run(path)]
    except FileNotFoundError:
        return []
    except OSError as fault:
        raise UserError(f"the runs cannot be listed: {fault.strerror}", str(runs)) from None
    return sorted(found, key=lambda folder: (_saved_at(folder), folder.name), reverse=True)


def is_run(path: Path) -> bool:
    """Whether a folder is that of a run, and no link to one."""
    return path.is_dir() and not path.is_symlink() and (path / JOURNAL).exists()


def find_run(runs: Path, wanted: str | None) -> RunFolder:
    """The run of that name, or whose name alone begins so; a folder's path; None: the latest.

    Raises UserError, saying which runs there are.
    """
    if wanted is not None and (os.sep in wanted or "/" in wanted):
        path = Path(wanted)
        if not is_run(path):
            raise UserError(f"{wanted!r} is no folder of a run: there is no {JOURNAL} in it")
        return RunFolder(path)
    there = all_runs(runs)
    if not there:
        raise UserError(f"there is no saved run in {runs}")
    if wanted is None:
        return there[0]
    exact = [folder for folder in there if folder.name == wanted]
    begun = exact or [folder for folder in there if wanted and folder.name.startswith(wanted)]
    if len(begun) == 1:
        return begun[0]
    if begun:
        names = ", ".join(folder.name for folder in begun[:5])
        raise UserError(f"{wanted!r} could be several runs: {names}")
    near = did_you_mean(wanted, [folder.name for folder in there])
    raise UserError(f"there is no run {wanted!r}; gd-tui runs lists them{near} (from {runs})")


def _saved_at(folder: RunFolder) -> float:
    for name in (STATUS, JOURNAL):
        try:
            return (folder.path / name).stat().st_mtime
        except OSError:
            continue
    return 0.0
