"""A file of events as TensorBoard reads it: numbers and lines of text, each at an update.

TensorBoard's own writer hands them to a thread of its own, which wakes while nothing happens
and whose faults end on the terminal. This one writes at once, in TensorBoard's format.
"""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from itertools import count
from pathlib import Path
from typing import Any

_numbers = count()  # files of one second are told apart, and read in order


class EventFile:
    """Needs the optional package tensorboard; every method may raise OSError."""

    def __init__(self, folder: Path, begin: int) -> None:
        """A new file in `folder`; of files before it, what was at update `begin` or later ends."""
        from tensorboard.compat.proto.event_pb2 import Event
        from tensorboard.compat.proto.summary_pb2 import Summary
        from tensorboard.plugins.text.metadata import create_summary_metadata
        from tensorboard.summary.writer.record_writer import RecordWriter
        from tensorboard.util.tensor_util import make_tensor_proto

        self._event, self._summary, self._tensor = Event, Summary, make_tensor_proto
        self._is_text = create_summary_metadata(display_name="", description="")
        name = f"events.out.tfevents.{int(time.time()):010d}.{os.getpid()}.{next(_numbers):06d}"
        self._path = folder / name
        self._records = RecordWriter(self._path.open("xb"))
        self._add(0, file_version="brain.Event:2")
        self.end_from(begin)

    def add_numbers(self, update: int, numbers: Mapping[str, float | None]) -> None:
        """Add a point to each series that is named; of those that are None, none."""
        values = [
            self._summary.Value(tag=name, simple_value=number)
            for name, number in numbers.items()
            if number is not None
        ]
        self._add(update, summary=self._summary(value=values))

    def add_text(self, update: int, name: str, text: str) -> None:
        value = self._summary.Value(tag=name, metadata=self._is_text, tensor=self._tensor(text))
        self._add(update, summary=self._summary(value=[value]))

    def end_from(self, update: int) -> None:
        """What was added at this update or a later one is not to be shown any more."""
        self._add(update, session_log={"status": "START"})

    def flush(self) -> None:
        """Bring all that was added to the disk; raises FileNotFoundError if the file is gone."""
        self._records.flush()
        self._path.stat()

    def close(self) -> None:
        self._records.close()

    def _add(self, update: int, **content: Any) -> None:
        event = self._event(wall_time=time.time(), step=update, **content)
        self._records.write(event.SerializeToString())
