"""What is measured of a run off its training clock: one measurement at a time."""

from __future__ import annotations

from core.measuring.instruments import Instruments
from core.measuring.prober import Prober


class Turns:
    """Lets the prober and the instruments of one run measure in turn."""

    def __init__(self, prober: Prober, instruments: Instruments) -> None:
        self._prober = prober
        self._instruments = instruments

    @property
    def busy(self) -> bool:
        """Whether a measurement is under way; the weights must not change then."""
        return self._prober.busy or self._instruments.busy

    def begin_if_due(self) -> None:
        """Of a run that trains: begin what its time has come for."""
        self._prober.begin_if_due()
        self._instruments.begin_if_due()

    def work(self) -> None:
        """Go on with what is under way for some milliseconds."""
        if self._prober.busy:
            self._prober.work()
        else:
            self._instruments.work()

    def look_closer(self) -> bool:
        """Measure what is shown of a run at rest; False if all is known of this moment."""
        self._instruments.begin_if_wanted()
        if not self._instruments.busy:
            return False
        self._instruments.work()
        return True

    def give_up(self) -> None:
        """Forget what is under way."""
        self._prober.give_up()
        self._instruments.give_up()
