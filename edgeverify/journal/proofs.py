"""Hold what the journal's table says against what the door has signed."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from edgeverify.errors import EventError, JournalUnavailableError
from edgeverify.events import DecisionPayload, verify
from edgeverify.how_many import how_many
from edgeverify.journal.database import unavailable
from edgeverify.journal.rows import to_ms
from edgeverify.private_sqlite import open_for_reading

_QUERY = """SELECT sequence, event_id, claim_id, card, outcome, reason, issued_ms,
    payload, signature, keyid FROM decisions ORDER BY sequence"""


def doubtful(path: Path, keys: Mapping[str, Ed25519PublicKey]) -> Iterator[str]:
    """Yield a sentence for each decision that is not as it was signed by one of the door's keys.

    `keys` are by key id; decisions of keys that are not among them are counted in one sentence.
    Raises JournalUnavailableError.
    """
    if not path.exists():
        raise JournalUnavailableError(f"the journal {path} does not exist")
    unknown: dict[str, int] = {}
    try:
        with closing(open_for_reading(path)) as connection:
            for sequence, *said, payload, signature, keyid in connection.execute(_QUERY):
                public = keys.get(keyid) if isinstance(keyid, str) else None
                if public is None:
                    unknown[str(keyid)] = unknown.get(str(keyid), 0) + 1
                    continue
                try:
                    signed = verify(payload, signature, keyid, {keyid: public})
                except (EventError, TypeError):
                    yield f"decision {sequence}: its signature does not fit"
                    continue
                if _columns(signed.decision) != (sequence, *said):
                    yield f"decision {sequence}: the table does not say what was signed"
    except sqlite3.Error as error:
        raise unavailable(path, error, is_reading=True) from None
    for keyid, count in sorted(unknown.items()):
        found = how_many(count, "decision is", "decisions are")
        yield f"{found} signed by the key {keyid}, which is not one of this door's"


def _columns(decision: DecisionPayload) -> tuple[object, ...]:
    return (
        decision.sequence,
        decision.event_id,
        decision.claim_id,
        decision.card,
        decision.outcome.value,
        decision.reason.value,
        to_ms(decision.issued_at),
    )
