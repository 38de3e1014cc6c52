"""How often a password may be guessed: five times, then with pauses that double."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, field

FREE = 5
FIRST_PAUSE_SECONDS = 30.0
LONGEST_PAUSE_SECONDS = 900.0
FORGOTTEN_AFTER_SECONDS = 3600.0
MOST_KEPT = 4096
"""Addresses and names; the longest unheard go first, so that a flood cannot fill the memory."""


@dataclass(slots=True)
class _Record:
    failures: int = 0
    last: float = 0.0
    until: float = 0.0


@dataclass(slots=True)
class Attempts:
    """Failures by address, and by name from anywhere; `now` is monotonic seconds."""

    _records: OrderedDict[str, _Record] = field(default_factory=OrderedDict)

    def pause(self, address: str, name: str, now: float) -> float:
        """Return for how many seconds no password is looked at; 0: it is."""
        found = [self._records.get(key) for key in _keys(address, name)]
        return max((max(0.0, one.until - now) for one in found if one is not None), default=0.0)

    def failed(self, address: str, name: str, now: float) -> None:
        """Count a wrong password."""
        for key in _keys(address, name):
            record = self._records.setdefault(key, _Record())
            if now - record.last > FORGOTTEN_AFTER_SECONDS:
                record.failures = 0
            record.failures += 1
            record.last = now
            if record.failures >= FREE:
                doubled = FIRST_PAUSE_SECONDS * 2 ** min(record.failures - FREE, 16)
                record.until = now + min(doubled, LONGEST_PAUSE_SECONDS)
            self._records.move_to_end(key)
        while len(self._records) > MOST_KEPT:
            self._records.popitem(last=False)

    def succeeded(self, address: str, name: str) -> None:
        """Forget the failures of this address and name."""
        for key in _keys(address, name):
            self._records.pop(key, None)


def _keys(address: str, name: str) -> tuple[str, str]:
    return f"address {address}", f"name {name[:80].casefold()}"
