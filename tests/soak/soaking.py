"""A soak: people come and go at the whole daemon while faults are drawn at random."""

from __future__ import annotations

import random
import time
from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from statistics import median

from edgeverify.domain import Outcome
from edgeverify.journal.reading import recent
from tests.soak.faults import FAULTS, Fault, suffer
from tests.soak.reckoning import counters, disagreements
from tests.soak.traffic import Passers, Witness
from tests.soak.vitals import Vitals, at_rest
from tests.soak.world import World
from tests.waiting import until

CALM_SECONDS = 6.0
ENOUGH_CLAIMS = 80
"""A soak goes on until so many were made, also where a busy machine needs longer for them."""
LAST_VISITOR_SECONDS = 5.0
"""Whoever came last has been decided on; a claim made before would join theirs."""


@dataclass
class Report:
    """What a soak came to."""

    seed: int
    faults: Counter[str] = field(default_factory=Counter)
    slowest_recovery: dict[str, float] = field(default_factory=lambda: defaultdict(float))
    claims: int = 0
    decisions: Counter[str] = field(default_factory=Counter)
    before: Vitals | None = None
    after: Vitals | None = None
    first_seconds: float = 0.0
    last_seconds: float = 0.0
    wrong: list[str] = field(default_factory=list)

    @property
    def drift_mebibytes(self) -> float:
        """Resident memory at the end less that after the warm-up."""
        assert self.before is not None
        assert self.after is not None
        return round(self.after.resident_mebibytes - self.before.resident_mebibytes, 1)

    @property
    def latency_drift(self) -> float:
        """Median seconds from claim to grant in calm: the end against the beginning, less 1."""
        return self.last_seconds / self.first_seconds - 1 if self.first_seconds else 0.0

    def lines(self) -> list[str]:
        """Return it for people."""
        slowest = ", ".join(f"{n} {s:.1f} s" for n, s in sorted(self.slowest_recovery.items()))
        faults, decisions = sum(self.faults.values()), sum(self.decisions.values())
        then = f"{self.first_seconds:.3f} s, then {self.last_seconds:.3f} s"
        return [
            f"seed {self.seed}: {faults} faults, {self.claims} claims, {decisions} decisions",
            f"decisions: {dict(self.decisions)}",
            f"after the warm-up {self.before}",
            f"at the end        {self.after}; drift {self.drift_mebibytes:+.1f} MiB",
            f"claim to grant, median: {then} ({self.latency_drift:+.1%})",
            f"slowest recovery: {slowest}",
            *(f"WRONG: {line}" for line in self.wrong),
        ]


def soak(world: World, *, seconds: float, seed: int, say: Callable[[str], None]) -> Report:
    """Run for so long, never less than each fault once and enough claims; and take stock."""
    draw = random.Random(seed)
    report = Report(seed=seed)
    possible = [fault for fault in FAULTS if world.has_small_disk or not fault.needs_small_disk]
    end = time.monotonic() + seconds
    world.start()
    with Witness(world.broker.port) as witness:
        # Each fault once: what is loaded or cached by a first failure is no leak.
        for fault in draw.sample(possible, len(possible)):
            _one(fault, world, witness, draw, report, say)
        report.before, report.first_seconds = _calm(world, witness, report)
        while time.monotonic() < end or report.claims < ENOUGH_CLAIMS:
            _one(draw.choice(possible), world, witness, draw, report, say)
        report.after, report.last_seconds = _calm(world, witness, report)
        until(lambda: world.status().get("outbox") == 0, "the outbox to be empty", 60)
        _take_stock(world, witness, report)
    return report


def _one(
    fault: Fault,
    world: World,
    witness: Witness,
    draw: random.Random,
    report: Report,
    say: Callable[[str], None],
) -> None:
    with Passers(world, witness, draw.randrange(1 << 30)) as people:
        took = suffer(fault, world, witness, draw)
        time.sleep(draw.uniform(0.2, 1.0))
    report.claims += people.claims
    report.faults[fault.name] += 1
    report.slowest_recovery[fault.name] = max(report.slowest_recovery[fault.name], took)
    say(f"{fault.name}: well again after {took:.1f} s")


def _calm(world: World, witness: Witness, report: Report) -> tuple[Vitals, float]:
    """Nothing fails for a while: what the daemon holds, and how long a grant takes."""
    assert world.process is not None
    until(world.is_well, "calm")
    world.camera.show("owner")
    time.sleep(LAST_VISITOR_SECONDS)
    known = {row.event_id for row in recent(world.journal, limit=10_000_000)}
    for _ in range(12):
        witness.ask("1001")
        report.claims += 1
    rows = [row for row in recent(world.journal, limit=100) if row.event_id not in known]
    grants = [row.duration_seconds for row in rows if row.outcome is Outcome.GRANT]
    vitals = at_rest(world.process.pid, seconds=CALM_SECONDS)
    return vitals, median(grants) if grants else 0.0


def _take_stock(world: World, witness: Witness, report: Report) -> None:
    # Counters are written with the status, every 15 s at the latest; the door is idle now.
    path = world.folder / "door.prom"
    written = time.time()
    until(lambda: path.stat().st_mtime > written, "the counters to be written", 40)
    counted = counters(path.read_text(encoding="utf-8"))
    report.decisions = Counter(
        {f"{outcome} {reason}": number for (outcome, reason), number in counted.items()}
    )
    report.wrong = disagreements(world.journal, witness, counted)
