"""The panel of what frames a run: its seed, its speed, when it stops, what is kept of it."""

from __future__ import annotations

from collections.abc import Iterator

from core.snapshot import RunView
from tui.widgets.setting_list import Row, SettingList, row


class RunSettingsPanel(SettingList):
    """The stop conditions are figures to reach; the first one that is met ends the run."""

    TITLE = "Run"

    def rows(self, run: RunView) -> Iterator[Row]:
        yield row(run.config, "seed")
        yield row(run.config, "speed", unit=" updates/s")
        yield row(run.config, "epochs", title="stop at epoch")
        yield row(run.config, "updates", title="stop at update")
        yield row(run.config, "seconds", title="stop at second")
        if run.data.classes:
            yield row(run.config, "target_accuracy", title="stop at accuracy")
        yield row(run.config, "eval_every", unit=" examples")
        yield row(run.config, "snapshot_every", unit=" s")
        yield row(run.config, "snapshot_memory", unit=" MB")
