"""Journal, audit, live events and counters laid side by side, to the event."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

from edgeverify.domain import Outcome, Reason
from edgeverify.journal.database import integrity
from edgeverify.journal.reading import DecisionRow, recent
from tests.soak.traffic import Heard, Witness

Pair = tuple[str, str]
COUNTER = re.compile(
    r'^edgeverify_decisions_total\{outcome="(\w+)",reason="(\w+)"\} ([0-9.e+]+)$', re.MULTILINE
)
UNRECORDED = (Outcome.DENY.value, Reason.JOURNAL_UNAVAILABLE.value)


def counters(text: str) -> Counter[Pair]:
    """Read the decisions out of Prometheus' text format."""
    return Counter({(o, r): int(float(n)) for o, r, n in COUNTER.findall(text)})


def disagreements(journal: Path, witness: Witness, counted: Counter[Pair] | None) -> list[str]:
    """Say everything that does not fit; an empty list is what the door promises.

    A denial `journal_unavailable` may be live without a row (there was no disk to hold one) and is
    counted; nothing else may. `counted` is None where the process was killed with its counters.
    """
    rows = {row.event_id: row for row in recent(journal, limit=10_000_000)}
    wrong = [f"damaged: {line}" for line in integrity(journal)]
    wrong += _history(rows, witness.history)
    wrong += _live(rows, witness.live)
    claims = Counter(row.claim_id for row in rows.values())
    wrong += [f"two rows for claim {name}" for name, count in claims.items() if count > 1]
    if counted is not None:
        wrong += _counters(list(rows.values()), counted)
    return wrong


def _history(rows: dict[str, DecisionRow], history: Sequence[Heard]) -> list[str]:
    first: dict[str, int] = {}
    wrong = []
    for heard in history:
        decision = heard.decision
        row = rows.get(decision.event_id)
        if row is None:
            wrong.append(f"{decision.event_id} is history without a row")
        elif (row.outcome, row.reason) != (decision.outcome, decision.reason):
            wrong.append(f"{decision.event_id} is told otherwise than written")
        first.setdefault(decision.event_id, decision.sequence)
    order = list(first.values())
    wrong += [f"{b} after {a}" for a, b in pairwise(order) if b <= a]
    wrong += [f"{name} never reached audit" for name in rows if name not in first]
    waiting = [row.sequence for row in rows.values() if not row.is_delivered]
    return wrong + [f"{number} still waits in the outbox" for number in waiting]


def _live(rows: dict[str, DecisionRow], live: Sequence[Heard]) -> list[str]:
    wrong = []
    times = Counter(heard.decision.event_id for heard in live)
    wrong += [f"{name} was live {count} times" for name, count in times.items() if count > 1]
    for heard in live:
        decision = heard.decision
        known = (decision.outcome.value, decision.reason.value) == UNRECORDED
        if decision.event_id not in rows and not known:
            wrong.append(f"{decision.event_id} ({decision.reason.value}) is live without a row")
    order = [heard.decision.sequence for heard in live]
    return wrong + [f"live {b} after {a}" for a, b in pairwise(order) if b <= a]


def _counters(rows: Sequence[DecisionRow], counted: Counter[Pair]) -> list[str]:
    written = Counter((row.outcome.value, row.reason.value) for row in rows)
    wrong = []
    for pair in sorted(written.keys() | counted.keys()):
        difference = counted[pair] - written[pair]
        if difference and not (pair == UNRECORDED and difference > 0):
            wrong.append(f"{pair}: {counted[pair]} counted, {written[pair]} written")
    return wrong
