"""The composition root: every part of the daemon, in the order in which it is started."""

from __future__ import annotations

import random
import time
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path

from edgeverify import __version__
from edgeverify.camera.camera import Camera
from edgeverify.camera.open_camera import open_camera
from edgeverify.claims import (
    SOURCES,
    ClaimGate,
    ClaimIntake,
    ClaimTopic,
    RunningSources,
    SourceKind,
    Surroundings,
)
from edgeverify.clock import SystemClock
from edgeverify.config import LoadedConfig
from edgeverify.daemon.announcer import Announcer
from edgeverify.daemon.camera_in_use import Eyes
from edgeverify.daemon.door.conditions import Conditions
from edgeverify.daemon.door.door import Door
from edgeverify.daemon.door.idle import Idle
from edgeverify.daemon.door.inbox import Inbox
from edgeverify.daemon.door.records import Records
from edgeverify.daemon.door.situation import Board, Situation
from edgeverify.daemon.door.thread import DoorThread
from edgeverify.daemon.faults import FaultBoard
from edgeverify.daemon.heat_watch import Heat
from edgeverify.daemon.reload.reloader import Reloader
from edgeverify.daemon.signing_key import KeyRing
from edgeverify.daemon.timekeeping import Timekeeper
from edgeverify.domain import Claim, Degradation
from edgeverify.errors import JournalUnavailableError
from edgeverify.journal import Journal
from edgeverify.keys import load_master_key
from edgeverify.liveness import Judge
from edgeverify.liveness.judge import JudgeRules
from edgeverify.metrics import Metrics
from edgeverify.models.folders import models_directory
from edgeverify.mqtt import MqttLink, OutboxDelivery, load_credentials
from edgeverify.references import ReferenceStore
from edgeverify.settings import CameraSettings, Settings
from edgeverify.state import StateDirectory
from edgeverify.thermal import Sensors
from edgeverify.verifier.verifier import Verifier, open_verifier
from edgeverify.watchdog import Watch

BOOT_FACT = "boot_with_set_clock"
BELIEVED_FACT = "believed_clock"
SYS_VARIABLE = "EDGEVERIFY_SYS"
"""Names another root of sysfs than /sys: made-up temperature sensors, for tests alone."""


@dataclass(slots=True, eq=False, kw_only=True)
class Service:
    """The parts. Made by `assemble`; started, watched and stopped by the supervisor."""

    config: LoadedConfig
    state: StateDirectory
    faults: FaultBoard
    watch: Watch
    metrics: Metrics
    store: ReferenceStore
    keys: KeyRing
    journal: Journal
    clock: SystemClock
    time: Timekeeper
    heat: Heat
    verifier: Verifier
    board: Board
    reloader: Reloader
    eyes: Eyes
    link: MqttLink
    outbox: OutboxDelivery
    announcer: Announcer
    records: Records
    gate: ClaimGate
    sources: RunningSources
    inbox: Inbox
    door: DoorThread
    journal_was_read: bool
    """False where floor, boot and claim ids could not be read at the start."""


def new_id() -> str:
    """Make an id that never comes twice."""
    return str(uuid.uuid4())


def wall() -> datetime:
    """Return aware UTC."""
    return datetime.now(timezone.utc)


def make_judge(situation: Situation, claim: Claim) -> Judge:
    """Make the liveness judge of one transaction; challenges are drawn by the system's chance."""
    settings = situation.settings
    rules = JudgeRules(
        plan=situation.plan,
        pad=settings.pad,
        pad_threshold=situation.pad_threshold,
        challenge=settings.challenge,
        required_matches=settings.decision.required_matches,
    )
    return Judge(rules, claim_id=claim.id, since=claim.received_at, source=random.SystemRandom())


def assemble(
    config: LoadedConfig,
    state: StateDirectory,
    environ: Mapping[str, str],
    kinds: Sequence[SourceKind] = SOURCES,
) -> Service:
    """Make every part. Raises EdgeverifyError for what must not start (config, keys, model)."""
    settings = config.settings
    faults = FaultBoard()
    metrics = Metrics(door=settings.door, version=__version__)
    now = wall()
    master = load_master_key(
        settings.keys.master_key_file,
        config_folder=config.folder,
        default=state.master_key,
        environ=environ,
        may_create=not state.references.exists(),
    )
    keys = KeyRing(state.signing_keys, now=now)
    credentials = load_credentials(settings.mqtt, config_folder=config.folder, environ=environ)
    # The camera opens in the background while the model loads.
    eyes = Eyes(settings.camera, lambda camera: _camera(camera, config.folder, state))
    try:
        store = ReferenceStore(state.references, master.secret, now=now, may_wait=True)
        opened = Journal.open(state.journal, now=now)
        _say(faults, opened.notices)
        journal = opened.journal

        def open_model(wanted: Settings) -> Verifier:
            models = models_directory(environ)
            return open_verifier(wanted, config.folder, models, at_door=True)

        verifier = open_model(settings)
        reloader = Reloader(
            config=config, store=store, open_verifier=open_model, sources=kinds, wall=wall
        )
        board = Board(reloader.first_situation(config, verifier))
        clock = SystemClock(set_in_boot=_fact(journal, BOOT_FACT))
        timekeeper = Timekeeper(
            clock,
            floor=_floor(journal),
            settings=lambda: board.current.settings.clock,
            believed=_fact(journal, BELIEVED_FACT),
        )
        sys_root = Path(environ.get(SYS_VARIABLE) or "/sys")
        heat = Heat(
            lambda wanted: Sensors(wanted, sys=sys_root), settings.thermal, now=time.monotonic()
        )
        inbox = Inbox()
        gate = ClaimGate(settings.claims.max_age_seconds, _claim_ids(journal, now))
        intake = ClaimIntake(
            gate,
            inbox.put,
            wall=timekeeper.wall,
            monotonic=eyes.now,
            new_id=new_id,
            counted=metrics.claim_refused,
            taken=lambda: link.ask(),  # noqa: PLW0108 - the link is made below
        )
        topic = ClaimTopic(not_heard=lambda: metrics.claim_refused("not_a_source"))
        link = MqttLink(
            settings.mqtt,
            settings.door,
            credentials,
            on_claim=topic.arrived,
            random=random.SystemRandom(),
        )
        outbox = OutboxDelivery(journal, link)
        announcer = Announcer(link, outbox, door=settings.door, wall=timekeeper.wall)
        records = Records(
            journal=journal,
            signer=lambda: keys.current,
            publisher=announcer,
            faults=faults,
            new_id=new_id,
            facts=verifier.facts,
        )
        watch = Watch()
        door = Door(
            board=board,
            eyes=eyes,
            pipeline=verifier.open_pipeline(settings),
            inbox=inbox,
            records=records,
            prompter=announcer,
            conditions=Conditions(
                camera=eyes.health,
                monotonic=eyes.now,
                clock=timekeeper,
                heat=lambda: heat.level,
                faults=faults,
            ),
            idle=Idle(plan=heat.idle, wall=timekeeper.wall, new_id=new_id),
            make_judge=make_judge,
            metrics=metrics,
        )
    except BaseException:
        eyes.close()
        raise
    return Service(
        config=config,
        state=state,
        faults=faults,
        watch=watch,
        metrics=metrics,
        store=store,
        keys=keys,
        journal=journal,
        clock=clock,
        time=timekeeper,
        heat=heat,
        verifier=verifier,
        board=board,
        reloader=reloader,
        eyes=eyes,
        link=link,
        outbox=outbox,
        announcer=announcer,
        records=records,
        gate=gate,
        sources=RunningSources(Surroundings(intake=intake, topic=topic)),
        inbox=inbox,
        door=DoorThread(door, watch, faults),
        journal_was_read=not journal.degradations(),
    )


def _camera(settings: CameraSettings, folder: Path, state: StateDirectory) -> Camera:
    return open_camera(
        settings,
        folder=folder,
        scene_file=state.folder / "scene.png",
        private=(state.folder, folder),
    )


def _say(faults: FaultBoard, notices: tuple[Degradation, ...]) -> None:
    for notice in notices:
        faults.raise_fault(notice.name, notice.detail)


def _fact(journal: Journal, name: str) -> str | None:
    try:
        return journal.fact(name)
    except JournalUnavailableError:
        return None


def _floor(journal: Journal) -> datetime | None:
    try:
        return journal.floor()
    except JournalUnavailableError:
        return None


def _claim_ids(journal: Journal, now: datetime) -> Mapping[str, datetime]:
    try:
        return journal.claim_ids(now)
    except JournalUnavailableError:
        return {}
