"""Small facts kept beside the decisions: the clock's floor, the numbers set aside."""

from __future__ import annotations

import sqlite3

RUNS_FACT = "runs"
"""The runs of a daemon that this journal remembers, oldest first."""
LOCK_ACT = "lock"
"""The word with which an act begins that a lock has reported."""


def fact(connection: sqlite3.Connection, name: str) -> str | None:
    """Return what was kept under `name`, or None."""
    found = connection.execute("SELECT value FROM facts WHERE name = ?", (name,)).fetchone()
    return None if found is None else str(found[0])


def put_fact(connection: sqlite3.Connection, name: str, value: str | int) -> None:
    """Keep a value; the caller holds the transaction."""
    connection.execute("INSERT OR REPLACE INTO facts VALUES (?,?)", (name, str(value)))


def raise_floor(connection: sqlite3.Connection, floor_ms: int) -> None:
    """Lift the clock's floor; it never sinks here."""
    known = fact(connection, "floor_ms")
    if known is None or int(known) < floor_ms:
        put_fact(connection, "floor_ms", floor_ms)


def write_act(
    connection: sqlite3.Connection, at_ms: int, act: str, subject: str, by_user: str
) -> None:
    """Write down what a person did to the journal, and who."""
    connection.execute(
        "INSERT INTO acts (at_ms, act, subject, by_user) VALUES (?,?,?,?)",
        (at_ms, act, subject, by_user),
    )
