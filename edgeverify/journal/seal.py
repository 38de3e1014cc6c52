"""A seal over what the journal remembers to refuse by: lock-outs, and the times it believes.

Decisions are signed one by one; these rows are not, and whoever deletes a lock-out or lowers the
clock's floor gets further tries. An HMAC under the door's master key is put beside them in each
transaction and compared when the file is opened.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import sqlite3
from dataclasses import dataclass

from edgeverify.journal.facts import fact, put_fact

SEAL_FACT = "seal"
UNSEALED = ("seal", "reserved", "probed_ms", "lock_id")
"""Facts that refuse nothing, and that a restored or repaired file may hold otherwise."""
LONGEST_FACT = 200
"""Characters; longer ones have a seal of their own."""


@dataclass(frozen=True, slots=True)
class JournalSeal:
    """Seals with the master key `secret`."""

    secret: bytes

    def __repr__(self) -> str:
        return "JournalSeal()"

    def put(self, connection: sqlite3.Connection) -> None:
        """Seal what stands there now; the caller holds the transaction."""
        top = _top(connection)
        sealed = f"{top} {self._of(connection, top)}"
        if fact(connection, SEAL_FACT) != sealed:
            put_fact(connection, SEAL_FACT, sealed)

    def problem(self, connection: sqlite3.Connection, *, was_sealed: bool) -> str:
        """Return what is not as it was sealed, in words; empty where all is, or nobody can tell.

        A release that knows no seal has decided since where there are decisions above the one that
        was sealed with. `was_sealed` is True where this door's journal must have one.
        """
        number, _, seal = (fact(connection, SEAL_FACT) or "").partition(" ")
        if not seal or not number.isdecimal():
            return "its seal is gone" if was_sealed else ""
        top = _top(connection)
        if top > int(number):
            return ""
        if hmac.compare_digest(seal.encode(), self._of(connection, int(number)).encode()):
            return ""
        return "lock-outs, times or its newest decision are not as this door left them"

    def _of(self, connection: sqlite3.Connection, top: int) -> str:
        marks = ", ".join("?" for _ in UNSEALED)
        facts = connection.execute(
            f"SELECT name, value FROM facts WHERE name NOT IN ({marks}) "  # noqa: S608 - marks alone
            "AND length(value) <= ? ORDER BY name",
            (*UNSEALED, LONGEST_FACT),
        ).fetchall()
        lockouts = connection.execute("SELECT * FROM lockouts ORDER BY key").fetchall()
        said = json.dumps(["edgeverify.journal.v1", top, facts, lockouts], default=repr)
        return hmac.new(self.secret, said.encode(), hashlib.sha256).hexdigest()


def _top(connection: sqlite3.Connection) -> int:
    (top,) = connection.execute("SELECT max(sequence) FROM decisions").fetchone()
    return int(top or 0)
