"""Forgetting a person: their number leaves the journal, and what the door decided stays countable.

A decision's signed bytes name the card, so each is signed again with the word that takes its place:
what is left says that somebody was let in or not, when, and why, and can still be checked.
"""

from __future__ import annotations

import json
import secrets
import sqlite3
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from edgeverify.errors import EventError
from edgeverify.events import DecisionPayload, Signer, sign
from edgeverify.journal.facts import write_act
from edgeverify.journal.journal import Journal
from edgeverify.journal.rows import to_ms
from edgeverify.private_sqlite import copies_of

ACT = "person forget"
_WHOSE = "card = :card AND issued_ms < :before"
_SENT = "NOT EXISTS (SELECT 1 FROM outbox WHERE outbox.sequence = decisions.sequence)"


def draw_pseudonym() -> str:
    """Return a word that says nothing: 64 bits of the system's chance."""
    return f"forgotten-{secrets.token_hex(8)}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Forgotten:
    """What became of a card: how many decisions hold `pseudonym` now, and how many the card still.

    `kept` are newer than the period. `unsent` counts the messages that wait for the broker and
    still name the card, decisions before the end of the period and notices; run it again for both.
    `copies` is how many files from before an upgrade went.
    """

    pseudonym: str
    decisions: int
    kept: int
    unsent: int
    copies: int

    def record(self) -> Mapping[str, str | int]:
        """Return it for the local socket."""
        return {
            "pseudonym": self.pseudonym,
            "decisions": self.decisions,
            "kept": self.kept,
            "unsent": self.unsent,
            "copies": self.copies,
        }


def event_ids(journal: Journal, card: str) -> tuple[str, ...]:
    """Return the decisions on a card, while they still name it."""
    with journal.change() as connection:
        rows = connection.execute("SELECT event_id FROM decisions WHERE card = ?", (card,))
        return tuple(name for (name,) in rows)


def forget_person(
    journal: Journal,
    card: str,
    signer: Signer,
    *,
    before: datetime,
    at: datetime,
    by_user: str,
) -> Forgotten:
    """Take `card` out of everything that was written before `before`; the rest of it goes at once.

    A word drawn by chance stands in its place: one that could be worked out from the card again
    would have forgotten nothing. Raises JournalUnavailableError.
    """
    pseudonym = draw_pseudonym()
    names: dict[str, str | int] = {"card": card, "before": to_ms(before)}
    with journal.change(at) as connection:
        _rename_frames(connection, names)
        renamed = _rename_decisions(connection, names, pseudonym, signer)
        left = "SELECT count(*), coalesce(sum(issued_ms < ?), 0) FROM decisions WHERE card = ?"
        remaining, unsent = connection.execute(left, (names["before"], card)).fetchone()
        for table in ("impostors", "impostor_scores", "inside"):
            connection.execute(f"DELETE FROM {table} WHERE card = ?", (card,))  # noqa: S608 - constants
        connection.execute("DELETE FROM lockouts WHERE key = ?", (card,))
        connection.execute("DELETE FROM notices WHERE card = ? AND is_sent", (card,))
        waiting = "SELECT count(*) FROM notices WHERE card = ?"
        (notices,) = connection.execute(waiting, (card,)).fetchone()
        connection.execute("UPDATE acts SET subject = ? WHERE subject = ?", (pseudonym, card))
        write_act(connection, to_ms(at), ACT, pseudonym, by_user)
    journal.rewrite()  # deleted rows of years may name the card too
    return Forgotten(
        pseudonym=pseudonym,
        decisions=renamed,
        kept=remaining - unsent,
        unsent=unsent + notices,
        copies=_drop_copies(journal.path),
    )


def _rename_decisions(
    connection: sqlite3.Connection,
    names: Mapping[str, str | int],
    pseudonym: str,
    signer: Signer,
) -> int:
    """Put the pseudonym into each decision and its signed bytes; return how many there were."""
    rows = connection.execute(
        f"SELECT sequence, payload FROM decisions WHERE {_WHOSE} AND {_SENT}",  # noqa: S608 - constants
        names,
    ).fetchall()
    for sequence, payload in rows:
        try:
            decision = replace(DecisionPayload.from_bytes(payload), card=pseudonym)
        except EventError:
            said = (b"", b"", signer.keyid)  # it could not be checked before either
        else:
            signed = sign(decision, signer)
            said = (signed.payload, signed.signature, signed.keyid)
        connection.execute(
            "UPDATE decisions SET card = ?, payload = ?, signature = ?, keyid = ?"
            " WHERE sequence = ?",
            (pseudonym, *said, sequence),
        )
    return len(rows)


def _rename_frames(connection: sqlite3.Connection, names: Mapping[str, str | int]) -> None:
    """Take the card out of the frames' figures, which name whom a frame was compared with."""
    rows = connection.execute(
        f"SELECT sequence, position, figures FROM frames WHERE sequence IN"  # noqa: S608 - constants
        f" (SELECT sequence FROM decisions WHERE {_WHOSE} AND {_SENT})",
        names,
    ).fetchall()
    for sequence, position, figures in rows:
        kept = {key: value for key, value in json.loads(figures).items() if key != "card"}
        connection.execute(
            "UPDATE frames SET figures = ? WHERE sequence = ? AND position = ?",
            (json.dumps(kept), sequence, position),
        )


def _drop_copies(path: Path) -> int:
    """Delete what was kept from before an upgrade: it names the card for ever."""
    gone = 0
    for copy in copies_of(path):
        with suppress(OSError):
            copy.unlink()
            gone += 1
    return gone
