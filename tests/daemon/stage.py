"""A door on a stage: the real loop, pipeline and journal; time, ids and keys held still.

The camera is a lockstep file, so that a slow machine gives the same frames at the same times.
Whoever would publish is a strict recorder: it takes nothing that is not in the journal already.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from edgeverify.camera.open_camera import open_camera
from edgeverify.claims import MQTT, SOURCES, chosen
from edgeverify.daemon.camera_in_use import CameraInUse
from edgeverify.daemon.door.attempt import make_judge
from edgeverify.daemon.door.conditions import Conditions
from edgeverify.daemon.door.door import Door
from edgeverify.daemon.door.idle import Idle
from edgeverify.daemon.door.inbox import Inbox
from edgeverify.daemon.door.others import Others
from edgeverify.daemon.door.people import People
from edgeverify.daemon.door.records import Records
from edgeverify.daemon.door.situation import Board, Situation
from edgeverify.daemon.faults import FaultBoard
from edgeverify.domain import (
    Asker,
    Claim,
    ClaimSource,
    Decision,
    Language,
    OperatingPoint,
    Prompt,
    Reference,
)
from edgeverify.events import (
    DecisionPayload,
    Event,
    SignedDecision,
    Signer,
    encode_answer,
    parse_event,
)
from edgeverify.journal import Journal
from edgeverify.keys import SigningKeys, key_id
from edgeverify.liveness import PadState, plan_liveness
from edgeverify.metrics import Metrics
from edgeverify.references.loading import LoadedReferences
from edgeverify.settings import CameraSettings, Settings
from edgeverify.thermal import Level, idle_plan
from edgeverify.verifier.pipeline import Pipeline

THRESHOLD = 0.94
"""Between dlib's mated and non-mated scores on the few photos here, by a wide margin."""
MIDNIGHT = datetime(2026, 3, 2, tzinfo=timezone.utc)


def fixed_keys() -> SigningKeys:
    """A signing key that is the same in every run."""
    private = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
    return SigningKeys(private, key_id(private.public_key()), MIDNIGHT)


class Recorder:
    """Takes live decisions and prompts; refuses one that no row holds."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self.events: list[SignedDecision] = []
        self.prompts: list[Prompt] = []
        self.answers: list[Event] = []

    def publish_live(self, signed: SignedDecision) -> bool:
        waiting = {row.sequence for row in self._journal.outbox()}
        assert signed.decision.sequence in waiting, "published before it was journalled"
        self.events.append(signed)
        return True

    def publish_answers(
        self,
        decision: DecisionPayload,
        claims: Iterable[Claim],
        signer: Signer,
        language: Language = "en",
    ) -> None:
        for claim in claims:
            if claim.asker is not None:
                answer = encode_answer(decision, claim.id, signer, language=language)
                self.answers.append(parse_event(answer))

    def publish_prompt(self, prompt: Prompt) -> None:
        self.prompts.append(prompt)


@dataclass
class StillClock:
    """Wall time that moves with the video and is trusted unless a test says otherwise."""

    seconds: Callable[[], float]
    trusted: bool = True

    def wall(self) -> datetime:
        return MIDNIGHT + timedelta(seconds=self.seconds())

    def floor(self) -> datetime | None:
        return self.wall()

    def is_trusted(self) -> bool:
        return self.trusted


@dataclass
class DoorOnStage:
    """What a test plays with."""

    door: Door
    journal: Journal
    recorder: Recorder
    clock: StillClock
    faults: FaultBoard
    heat: list[Level] = field(default_factory=lambda: [Level.FULL])

    def claim(self, card: str, *, name: str = "claim-1", source: ClaimSource = MQTT) -> None:
        self.door.inbox.put(
            Claim(
                id=name,
                card=card,
                issued_at=self.clock.wall(),
                received_at=self.door.camera.now(),
                source=source,
                remember_until=self.clock.wall() + timedelta(seconds=20),
                asker=Asker(topic="edgeverify/front-door/answer") if source is MQTT else None,
            )
        )

    def play(self, turns: int = 400) -> tuple[Decision, ...]:
        """Turn until something was decided."""
        for _ in range(turns):
            if decided := self.door.turn():
                return decided
        return ()


@contextmanager
def door_on_stage(
    folder: Path,
    film: Path,
    pipeline: Pipeline,
    settings: Settings,
    references: tuple[Reference, ...],
    *,
    threshold: float = THRESHOLD,
) -> Iterator[DoorOnStage]:
    """Build the door for one film."""
    source = CameraSettings(source=str(film), pace="lockstep", loop=settings.camera.loop)
    camera = CameraInUse(source, open_camera)
    clock = StillClock(camera.now)
    journal = Journal.open(folder / "journal.sqlite", now=MIDNIGHT).journal
    faults = FaultBoard()
    recorder = Recorder(journal)
    counter = itertools.count(1)
    plan = plan_liveness(settings.liveness, PadState.ABSENT)
    point = OperatingPoint(threshold=threshold, max_fmr=1e-4, evidence="a test")
    situation = Situation(
        settings=settings,
        sources=chosen(SOURCES, settings.claims),
        people=People.of(
            settings.door,
            settings.staff,
            LoadedReferences(
                usable={one.card: one for one in references}, unusable={}, photo_digests={}
            ),
        ),
        plan=plan,
        point=point,
        walk_up_point=point,
        pad_threshold=0.5,
        digest="0" * 64,
    )
    stage_heat = [Level.FULL]
    records = Records(
        journal=journal,
        signer=fixed_keys,
        publisher=recorder,
        faults=faults,
        new_id=lambda: f"event-{next(counter)}",
        facts={"model": "test", "embedding_space": "test", "runtime": "test"},
    )
    door = Door(
        board=Board(situation),
        camera=camera,
        pipeline=pipeline,
        inbox=Inbox(),
        records=records,
        prompter=recorder,
        conditions=Conditions(
            camera=camera.health,
            monotonic=camera.now,
            clock=clock,
            heat=lambda: stage_heat[0],
            faults=faults,
        ),
        idle=Idle(
            plan=lambda rate: idle_plan(stage_heat[0], rate),
            wall=clock.wall,
            new_id=lambda: f"claim-{next(counter)}",
        ),
        make_judge=make_judge,
        others=Others(journal),
        metrics=Metrics(door=settings.door, version="test"),
    )
    try:
        yield DoorOnStage(door, journal, recorder, clock, faults, stage_heat)
    finally:
        camera.close()
        journal.close()
