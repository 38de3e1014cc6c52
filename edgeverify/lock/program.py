"""The lock program: one thread that takes what happens, in order, and one queue that it waits on.

Nothing but `_granted` and the exit button releases the door; neither knows the broker. The relay's
own process ends each release, whatever becomes of this one.
"""

from __future__ import annotations

import logging
import queue
import threading
import time
import uuid
from collections.abc import Callable
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from datetime import datetime, timezone

from edgeverify.client import RawMessage
from edgeverify.errors import EventError, StateError
from edgeverify.events import LockCause, LockReport, LockState, named_signing_key
from edgeverify.lock.faults import BEHIND_A_PANEL, CONTACT, TOLD_OF, UNKNOWN_KEY
from edgeverify.lock.happenings import Happenings, Occurrence
from edgeverify.lock.inputs import InputRead, InputWatch
from edgeverify.lock.link import LockLink
from edgeverify.lock.passage import Order, Passage, Release, Rest
from edgeverify.lock.relay.keeper import Keeper, RelayAnswer
from edgeverify.lock.trust import LockClock, Trust
from edgeverify.logs import fields
from edgeverify.systemd import ServiceManager

LOG = logging.getLogger(__name__)
TURN_SECONDS = 0.25


@dataclass(slots=True, eq=False, kw_only=True)
class LockParts:
    """What the program is made of."""

    door: str
    passage: Passage
    trust: Trust
    clock: LockClock
    keeper: Keeper
    link: LockLink
    inputs: tuple[InputWatch, ...]
    manager: ServiceManager
    happenings: Happenings
    follows_open: bool = False


class LockProgram:
    """Runs until `stop`, which may come from a signal handler."""

    def __init__(
        self,
        parts: LockParts,
        tick: Callable[[], None] = lambda: None,
        *,
        monotonic: Callable[[], float] = time.monotonic,
        wall: Callable[[], datetime] = lambda: datetime.now(timezone.utc),
        new_id: Callable[[], str] = lambda: uuid.uuid4().hex,
    ) -> None:
        """`tick` is called several times per second (counts of folded log lines)."""
        self._parts = parts
        self._tick = tick
        self._now = monotonic
        self._wall = wall
        self._new_id = new_id
        self._stop = threading.Event()
        self._faults: dict[str, str] = {}
        self._said: tuple[object, ...] = ()
        self._pinged_at = float("-inf")
        self._is_button_up = False
        self._is_broker_there = False

    def stop(self) -> None:
        """Ask the program to end; the door is locked first."""
        self._stop.set()

    def run(self) -> None:
        """Start every part, take what happens until `stop`, end them in the opposite order."""
        parts = self._parts
        with ExitStack() as ending:
            ending.callback(LOG.info, "stopped")
            parts.link.start()
            ending.callback(lambda: parts.link.stop(self._last_word()))
            parts.keeper.start(self._now())
            ending.callback(parts.keeper.stop)
            for each in parts.inputs:
                each.start()
                ending.callback(each.stop)
            parts.manager.ready(f"{parts.door}: locked")
            ending.callback(parts.manager.stopping)
            LOG.info("keys believed: %s", ", ".join(parts.trust.keyids))
            while not self._stop.is_set():
                self._turn()

    def _turn(self) -> None:
        with suppress(queue.Empty):
            self._take(self._parts.happenings.get(TURN_SECONDS))
        now = self._now()
        self._parts.keeper.look(now)
        self._obey(self._parts.passage.look(now))
        self._say()
        ping = self._parts.manager.ping_seconds
        if ping is not None and now - self._pinged_at >= ping:
            self._pinged_at = now
            self._parts.manager.alive()
        self._parts.manager.resend()
        self._tick()

    def _take(self, happened: Occurrence) -> None:
        if isinstance(happened, RawMessage):
            if happened.topic == self._parts.link.topics.event:
                self._event(happened)
            else:
                self._status(happened)
        elif isinstance(happened, RelayAnswer):
            self._relay(happened)
        elif isinstance(happened, InputRead):
            self._input(happened)
        else:
            self._is_broker_there = happened.is_there
            if not happened.is_there:
                self._obey(self._parts.passage.opened(0.0, self._now()))
            LOG.log(
                logging.INFO if happened.is_there else logging.WARNING,
                "the broker is there" if happened.is_there else "the broker is gone",
            )

    def _event(self, message: RawMessage) -> None:
        now = self._wall()
        problem = self._parts.clock.problem()
        if problem:
            self._fault("clock", problem)
            LOG.warning("a decision was refused: %s", problem)
            return
        self._fault("clock", "")
        try:
            event = self._parts.trust.check(
                message.payload, now=now, is_retained=message.is_retained
            )
        except EventError as error:
            LOG.warning("a decision was refused: %s", error.problem)
            return
        except StateError as error:
            # A number that is not on disk could open again after a restart.
            self._fault("state", f"{error.problem}.")
            LOG.error("a decision was refused: %s", error.problem)  # noqa: TRY400 - for people
            return
        self._fault("state", "")
        if event.missed:
            LOG.warning("decisions were missed", extra=fields(missed=event.missed))
        opened_by = event.decision.opened_by
        self._fault("panel", BEHIND_A_PANEL if opened_by else "")
        if opened_by:
            LOG.warning("a decision was refused: %s", BEHIND_A_PANEL)
        if not event.granted:
            return
        LOG.info("granted", extra=fields(sequence=event.sequence))
        self._obey(self._parts.passage.granted(event.decision.event_id))

    def _status(self, message: RawMessage) -> None:
        if self._parts.follows_open:
            self._follow_open(message.payload)
        try:
            following = self._parts.trust.learn(message.payload)
        except (EventError, StateError) as error:
            LOG.warning("the next key was not taken: %s", error.problem)
            following = None
        if following is not None:
            LOG.warning(
                "the door announced its next key, and it is believed from now on",
                extra=fields(key=following.keyid, begins=following.begins_at.isoformat()),
            )

        self._look_at_key(named_signing_key(message.payload))

    def _look_at_key(self, signing: str | None) -> None:
        """Name a key of the door that is not known before somebody stands at a closed door."""
        if signing is None:
            return
        is_known = signing in self._parts.trust.keyids
        if not is_known and "key" not in self._faults:
            LOG.error(UNKNOWN_KEY, signing[:32])
        self._fault("key", "" if is_known else UNKNOWN_KEY % signing[:32])

    def _follow_open(self, status: bytes) -> None:
        """Release for as long as the door says that it is open, and no longer."""
        wall, seconds = self._wall(), 0.0
        if not self._is_broker_there:
            return  # it was said before the broker went, which ended it
        try:
            until = (
                None if self._parts.clock.problem() else self._parts.trust.open_until(status, wall)
            )
            seconds = 0.0 if until is None else (until - wall).total_seconds()
        except EventError as error:
            LOG.warning("the door's mode was not taken: %s", error.problem)
        self._obey(self._parts.passage.opened(seconds, self._now()))

    def _relay(self, answer: RelayAnswer) -> None:
        now = self._now()
        if answer.word == "released":
            self._fault("relay", "")
            self._obey(self._parts.passage.relay_released(now))
        elif answer.word == "resting":
            self._fault("relay", "")
            self._obey(self._parts.passage.relay_rests(now))
        else:
            if self._faults.get("relay") != answer.text:
                LOG.error("the relay failed: %s", answer.text)
            self._fault("relay", answer.text)

    def _input(self, read: InputRead) -> None:
        if read.problem and self._faults.get(read.name) != read.problem:
            LOG.error("%s cannot be read: %s", read.name, read.problem)
        self._fault(read.name, read.problem)
        now = self._now()
        if read.name == CONTACT:
            self._obey(self._parts.passage.contact(read.is_active, now))
        else:
            self._button(read, now)

    def _button(self, read: InputRead, now: float) -> None:
        """Take a press: a button that is down when it is first looked at may be stuck for days."""
        was_up, self._is_button_up = self._is_button_up, read.is_active is False
        if read.is_active and was_up:
            LOG.info("exit button")
            self._obey(self._parts.passage.exit_pressed(now))
        elif read.is_active:
            LOG.warning("the exit button is down already; it counts once it has been released")

    def _obey(self, order: Order) -> None:
        if isinstance(order, Release) and not self._parts.keeper.release(order.seconds):
            LOG.error("the door was not released: the relay's process is not there")
        elif isinstance(order, Rest):
            self._parts.keeper.rest()

    def _fault(self, part: str, sentence: str) -> None:
        if sentence:
            self._faults[part] = sentence
        else:
            self._faults.pop(part, None)

    def _say(self) -> None:
        passage, faults = self._parts.passage, tuple(self._faults.values())
        if passage.state is LockState.UNKNOWN and not faults:
            return  # the relay has not answered yet
        standing = (
            passage.state,
            passage.cause,
            passage.event_id,
            passage.is_released,
            passage.is_open,
            faults,
        )
        if standing == self._said:
            return
        self._said = standing
        report = LockReport(
            id=self._new_id(),
            door=self._parts.door,
            state=passage.state,
            cause=passage.cause,
            is_released=passage.is_released,
            is_open=passage.is_open,
            at=self._wall(),
            event_id=passage.event_id,
            faults=tuple(told for part, told in TOLD_OF.items() if part in self._faults),
        )
        LOG.info(
            "door",
            extra=fields(state=report.state.value, cause=report.cause.value, open=report.is_open),
        )
        self._parts.link.say(report.to_bytes())
        self._parts.manager.status(f"{self._parts.door}: {' '.join((report.state.value, *faults))}")

    def _last_word(self) -> bytes:
        return LockReport(
            id=self._new_id(),
            door=self._parts.door,
            state=LockState.UNKNOWN,
            cause=LockCause.GONE,
            is_released=False,
            is_open=self._parts.passage.is_open,
            at=self._wall(),
        ).to_bytes()
