"""What runs from the start to the end of the daemon, and is looked after meanwhile."""

from __future__ import annotations

from dataclasses import dataclass

from edgeverify.claims import RunningSources
from edgeverify.daemon.beside_claims import Exits, LockJournal
from edgeverify.daemon.camera_in_use import CameraInUse
from edgeverify.daemon.control import Control
from edgeverify.daemon.door.situation import Board
from edgeverify.daemon.door.thread import DoorThread
from edgeverify.daemon.faults import FaultBoard
from edgeverify.daemon.health import Health
from edgeverify.daemon.modes import Modes
from edgeverify.daemon.notice_delivery import NoticeDelivery
from edgeverify.daemon.older_state import OlderState
from edgeverify.daemon.page.part import PagePart
from edgeverify.daemon.panel import Panel
from edgeverify.daemon.reload.reload_thread import Reloads
from edgeverify.daemon.reporter import Reporter
from edgeverify.daemon.signalling import Signalling
from edgeverify.daemon.upkeep import Upkeep
from edgeverify.journal import Journal
from edgeverify.metrics import Metrics
from edgeverify.mqtt import MqttLink, OutboxDelivery
from edgeverify.references import ReferenceStore
from edgeverify.state import StateDirectory
from edgeverify.systemd import Watch


@dataclass(slots=True, eq=False, kw_only=True)
class Parts:
    """Made by `assemble`; started, watched and stopped by the supervisor."""

    state: StateDirectory
    faults: FaultBoard
    watch: Watch
    metrics: Metrics
    store: ReferenceStore
    journal: Journal
    board: Board
    camera: CameraInUse
    link: MqttLink
    outbox: OutboxDelivery
    older_state: OlderState
    lock: LockJournal
    modes: Modes
    exits: Exits
    notices: NoticeDelivery
    sources: RunningSources
    panel: Panel | None
    signalling: Signalling
    door: DoorThread
    health: Health
    reporter: Reporter
    reloads: Reloads
    control: Control
    page: PagePart
    upkeep: Upkeep
