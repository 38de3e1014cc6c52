"""The composition root: every part of the daemon, in the order in which it is started."""

from __future__ import annotations

import random
import time
import uuid
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from datetime import datetime, timezone

from edgeverify import __version__
from edgeverify.claims import SOURCES, ClaimGate, ClaimIntake, ClaimTopic, SourceKind
from edgeverify.clock import SystemClock
from edgeverify.config import LoadedConfig
from edgeverify.daemon.announcer import Announcer, announcement_to_hub
from edgeverify.daemon.beside_claims import hear_beside_claims, topics_heard
from edgeverify.daemon.camera_in_use import CameraInUse, camera_opener
from edgeverify.daemon.control import Control
from edgeverify.daemon.door.attempt import make_judge
from edgeverify.daemon.door.conditions import Conditions
from edgeverify.daemon.door.door import Door
from edgeverify.daemon.door.idle import Idle
from edgeverify.daemon.door.inbox import Inbox
from edgeverify.daemon.door.others import Others
from edgeverify.daemon.door.records import Records
from edgeverify.daemon.door.situation import Board
from edgeverify.daemon.door.thread import DoorThread
from edgeverify.daemon.faults import FaultBoard
from edgeverify.daemon.fitness import require_fit
from edgeverify.daemon.health import Health
from edgeverify.daemon.heat_watch import open_heat
from edgeverify.daemon.notice_delivery import NoticeDelivery
from edgeverify.daemon.older_state import OlderState
from edgeverify.daemon.opened_state import open_master_key, open_references_and_journal
from edgeverify.daemon.page.part import PagePart
from edgeverify.daemon.page.requests import PageRequests
from edgeverify.daemon.page.screen import ScreenBoard
from edgeverify.daemon.panel import open_panel
from edgeverify.daemon.parts import Parts
from edgeverify.daemon.points_witness import PURPOSE, PointsWitness
from edgeverify.daemon.readers import make_readers
from edgeverify.daemon.reload.reload_thread import Reloads
from edgeverify.daemon.reload.reloader import Reloader
from edgeverify.daemon.reporter import Reporter
from edgeverify.daemon.sealed_facts import SealedFacts
from edgeverify.daemon.signalling import Signalling
from edgeverify.daemon.signing_key import KeyRing
from edgeverify.daemon.timekeeping import Timekeeper
from edgeverify.daemon.upkeep import Upkeep
from edgeverify.metrics import Metrics
from edgeverify.models.catalogue import shipped_points_of
from edgeverify.models.folders import models_directory
from edgeverify.mqtt import ClientId, MqttLink, OutboxDelivery, load_credentials
from edgeverify.page_socket import page_socket
from edgeverify.settings import Settings
from edgeverify.state import StateDirectory
from edgeverify.systemd import ServiceManager, Watch
from edgeverify.verifier.verifier import Verifier, open_verifier


def new_id() -> str:
    """Make an id that never comes twice."""
    return str(uuid.uuid4())


def wall() -> datetime:
    """Return aware UTC."""
    return datetime.now(timezone.utc)


def assemble(
    config: LoadedConfig,
    state: StateDirectory,
    environ: Mapping[str, str],
    manager: ServiceManager,
    kinds: Sequence[SourceKind] = SOURCES,
) -> Parts:
    """Make every part. Raises EdgeverifyError for what must not start (config, keys, model)."""
    settings = config.settings
    require_fit(config, environ, kinds)
    faults = FaultBoard()
    metrics = Metrics(
        door=settings.door, version=__version__, opened_by_panel=settings.osdp_reader.enabled
    )
    now = wall()
    secret = open_master_key(config, state, environ)
    keys = KeyRing(state.signing_keys, now=now)
    credentials = load_credentials(settings.mqtt, config_folder=config.folder, environ=environ)
    # The camera opens in the background while the model loads.
    camera = CameraInUse(settings.camera, camera_opener(config.folder, state.folder))
    signalling = Signalling(settings.signals, faults)
    with ExitStack() as undo:
        undo.callback(camera.close)
        opened = open_references_and_journal(state, secret, keys, faults=faults, now=now, undo=undo)
        store, journal, known = opened.store, opened.journal, opened.known

        def open_model(wanted: Settings) -> Verifier:
            models = models_directory(environ)
            return open_verifier(wanted, config.folder, models, at_door=True)

        verifier = open_model(settings)
        reloader = Reloader(
            config=config,
            store=store,
            open_verifier=open_model,
            sources=kinds,
            wall=wall,
            environ=environ,
            witness=PointsWitness(SealedFacts(journal, secret, PURPOSE), faults, shipped_points_of),
        )
        board = Board(reloader.first_situation(config, verifier))
        clock = SystemClock(set_in_boot=known.boot)
        timekeeper = Timekeeper(
            clock,
            floor=known.floor,
            settings=lambda: board.current.settings.clock,
            believed=known.believed,
            least=known.least,
            is_doubted=known.is_doubted,
        )
        heat = open_heat(settings.thermal, environ)
        inbox = Inbox()
        gate = ClaimGate(
            settings.claims.max_age_seconds,
            known.claim_ids,
            knows=lambda card: board.current.people.knows(card),  # noqa: PLW0108 - of that moment
        )
        intake = ClaimIntake(
            gate,
            lambda claim: inbox.put(claim, is_known=board.current.people.knows(claim.card)),
            wall=timekeeper.wall,
            monotonic=camera.now,
            new_id=new_id,
            counted=metrics.claim_refused,
            taken=lambda: link.ask(),  # noqa: PLW0108 - the link is made below
        )
        topic = ClaimTopic(not_heard=lambda: metrics.claim_refused("not_a_source"))
        lock, modes, exits = hear_beside_claims(settings.door, state, journal, board, timekeeper)
        link = MqttLink(
            settings.mqtt,
            settings.door,
            credentials,
            on_claim=topic.arrived,
            client_id=ClientId(settings.door, secret),
            on_lock=lock.heard,
            on_others=topics_heard(settings.door, modes, exits),
            announcement=announcement_to_hub(settings),
            sequence=lambda: journal.last_sequence,
            random=random.SystemRandom(),
        )
        older_state = OlderState(journal, link, faults, wall=timekeeper.wall)
        outbox = OutboxDelivery(journal, link)
        announcer = Announcer(link, outbox, door=settings.door, wall=timekeeper.wall)
        panel = open_panel(config, journal, faults, timekeeper, modes.is_locked_down)
        screen = ScreenBoard(
            announcer=announcer, monotonic=time.monotonic, signal=signalling.show, panel=panel
        )
        records = Records(
            journal=journal,
            signer=lambda: keys.current,
            publisher=screen,
            faults=faults,
            new_id=new_id,
            facts=verifier.facts,
        )
        watch = Watch()
        door = Door(
            board=board,
            camera=camera,
            pipeline=verifier.open_pipeline(settings),
            inbox=inbox,
            records=records,
            prompter=screen,
            conditions=Conditions(
                camera=camera.health,
                monotonic=camera.now,
                clock=timekeeper,
                heat=lambda: heat.level,
                faults=faults,
                is_locked_down=modes.is_locked_down,
            ),
            idle=Idle(plan=heat.idle, wall=timekeeper.wall, new_id=new_id),
            make_judge=make_judge,
            others=Others(journal),
            evidence=opened.pictures,
            metrics=metrics,
        )
        thread = DoorThread(door, watch, faults)
        sources = make_readers(
            intake,
            topic,
            exits,
            folder=config.folder,
            faults=faults,
            counted=metrics.claim_refused,
        )
        health = Health(
            board=board,
            camera=camera,
            link=link,
            outbox=outbox,
            journal=journal,
            store=store,
            time=timekeeper,
            heat=heat,
            inbox=inbox,
            faults=faults,
            metrics=metrics,
            facts=lambda: records.facts,
            notices=verifier.notices,
            keys=keys,
            modes=modes,
            panel=panel,
        )
        reporter = Reporter(health=health, link=link, manager=manager)
        reloads = Reloads(
            config=config,
            verifier=verifier,
            reloader=reloader,
            door=thread,
            board=board,
            records=records,
            camera=camera,
            heat=heat,
            gate=gate,
            sources=sources,
            signalling=signalling,
            faults=faults,
            health=health,
            on_begin=reporter.began_reload,
            on_end=reporter.ended_reload,
        )
        undo.pop_all()
    return Parts(
        state=state,
        faults=faults,
        watch=watch,
        metrics=metrics,
        store=store,
        journal=journal,
        board=board,
        camera=camera,
        link=link,
        outbox=outbox,
        older_state=older_state,
        lock=lock,
        modes=modes,
        exits=exits,
        notices=NoticeDelivery(journal, link.publish.notice),
        sources=sources,
        panel=panel,
        signalling=signalling,
        door=thread,
        health=health,
        reporter=reporter,
        reloads=reloads,
        control=Control(
            health=health,
            tickets=reloads.tickets,
            records=records,
            journal=journal,
            time=timekeeper,
            clock=clock,
            keys=keys,
            board=board,
            store=store,
            evidence=opened.evidence,
        ),
        page=PagePart(
            is_wanted=settings.web.enabled,
            place=page_socket(settings.door, state.folder, environ),
            requests=PageRequests(
                health=health,
                door=door,
                screen=screen,
                journal=journal,
                reloads=reloads,
                lock=lock,
                evidence=opened.evidence,
            ),
            faults=faults,
        ),
        upkeep=Upkeep(
            keys=keys,
            files=opened.files,
            journal=journal,
            journal_was_read=not journal.degradations(),
            store=store,
            gate=gate,
            clock=clock,
            time=timekeeper,
            board=board,
            faults=faults,
            evidence=opened.evidence,
        ),
    )
