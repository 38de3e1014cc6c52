"""A camera that may vanish, hang or lie, and comes back by itself."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from random import Random
from typing import TYPE_CHECKING

from edgeverify.camera.camera import CameraHealth, CameraState
from edgeverify.camera.camera_log import CameraLog
from edgeverify.camera.latest_frame import LatestFrame
from edgeverify.camera.messages import Captured, Confined, Failed, Message, Opened, Order, Started
from edgeverify.camera.picture_watch import MonochromeWatch, PictureWatch, Verdict
from edgeverify.camera.process import COMMAND, CaptureProcess
from edgeverify.camera.retrying import (
    ABSENT_SECONDS,
    BROKEN_OFF_SECONDS,
    LONGEST_PAUSE_SECONDS,
    LastingFault,
    camera_backoff,
)
from edgeverify.camera.ring import SharedFrames, map_frames
from edgeverify.camera.scene import SceneWatch
from edgeverify.domain import Frame
from edgeverify.errors import CameraError

if TYPE_CHECKING:
    from edgeverify.settings import CameraSettings

START_SECONDS = 20.0
"""A capture process that has not begun by then (a very busy machine) is replaced."""
LOOK_UP_SECONDS = 0.1
"""How often the supervisor looks whether it should stop."""
MISSED_FRAMES = 1.5
"""A slow camera stalls after this many of its frames' intervals, if that is later."""
PROVEN_SECONDS = 5.0
"""After frames for this long, the next failure begins with the shortest pause again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveSource:
    """A name for people and how to ask for it now (`make_order` may raise CameraError)."""

    name: str
    make_order: Callable[[], Order]
    is_file: bool = False
    command: Sequence[str] = COMMAND
    scene: SceneWatch | None = None


@dataclass(frozen=True, slots=True)
class _Break:
    """Why there are no frames any more, and how long to wait at most before asking again."""

    state: CameraState
    detail: str
    longest_pause: float = LONGEST_PAUSE_SECONDS


class LiveCamera:
    """Keeps a capture process running and the newest frame at hand.

    One thread, which only waits for messages; everything that can block or crash is in the
    process, which is killed and replaced when it is silent for too long.
    """

    def __init__(
        self,
        source: LiveSource,
        settings: CameraSettings,
        clock: Callable[[], float],
        random: Random,
    ) -> None:
        self._source = source
        self._settings = settings
        self._clock = clock
        missed = MISSED_FRAMES / settings.frames_per_second
        self._stalled_seconds = max(settings.stalled_seconds, missed)
        self._frames = LatestFrame(mirror=settings.mirror)
        self._watch = PictureWatch(settings, is_file=source.is_file)
        self._lasting = LastingFault()
        self._monochrome = MonochromeWatch()
        self._log = CameraLog(source.name)
        self._backoff = camera_backoff(random)
        self._lock = threading.Lock()
        starting = CameraHealth(state=CameraState.STARTING, since=clock(), detail="opening")
        self._broken: CameraHealth | None = starting
        self._process: CaptureProcess | None = None
        self._undead: list[CaptureProcess] = []
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._supervise, name="camera", daemon=True)
        self._thread.start()

    def latest(self, after_sequence: int, timeout_seconds: float) -> Frame | None:
        """Return the newest frame above `after_sequence`, never one as old as a stall."""
        not_before = self._clock() - self._stalled_seconds
        return self._frames.take(after_sequence, timeout_seconds, not_before)

    def health(self) -> CameraHealth:
        """Return how the camera is; a stall is noticed here, not by a timer."""
        now = self._clock()
        newest = self._frames.newest_at()
        age = None if newest is None else max(0.0, now - newest)
        with self._lock:
            if self._broken is not None or newest is None or age is None:
                state, since, detail = self._why_broken(now)
            elif age > self._stalled_seconds:
                state, since = CameraState.STALLED, newest + self._stalled_seconds
                detail = f"no new frame for {self._stalled_seconds:g} s"
            else:
                state, since, detail = self._what_it_shows()
        return CameraHealth(
            state=state,
            since=since,
            detail=detail,
            frames_per_second=self._frames.rate(now),
            frame_age_seconds=age,
            unconfined=self._log.unconfined,
            is_monochrome=self._monochrome.is_monochrome,
        )

    def now(self) -> float:
        """Return monotonic seconds."""
        return self._clock()

    def close(self) -> None:
        """End thread and process. Returns within about three seconds whatever the camera does."""
        self._closing.set()
        self._frames.close()
        self._thread.join(3.0)

    def _why_broken(self, now: float) -> tuple[CameraState, float, str]:
        broken = self._broken
        if broken is None:
            return CameraState.STARTING, now, "opening"
        return broken.state, broken.since, broken.detail

    def _what_it_shows(self) -> tuple[CameraState, float, str]:
        verdict, scene = self._watch.verdict, self._source.scene
        if verdict.state is CameraState.OK and scene and scene.moved_since is not None:
            return CameraState.CAMERA_MOVED, scene.moved_since, scene.detail
        return verdict.state, verdict.since, verdict.detail

    # ---- the supervisor's thread ----------------------------------------------------------------

    def _supervise(self) -> None:
        while not self._closing.is_set():
            broken = self._capture_until_broken()
            self._frames.clear()
            if self._closing.is_set():
                break
            self._break(broken)
            if broken.state is CameraState.ENDED:
                break
            with contextlib.suppress(CameraError):  # it loads its libraries during the pause
                self._process = self._process or CaptureProcess(self._source.command)
            self._closing.wait(self._backoff.next_pause(broken.longest_pause))
        self._end_process()

    def _capture_until_broken(self) -> _Break:
        """Capture from the camera, if it is there; a process that was not needed waits on."""
        try:
            if self._process is None:
                self._process = CaptureProcess(self._source.command)
            self._process.order(self._source.make_order())
        except CameraError as error:
            return _Break(CameraState.OFFLINE, str(error), ABSENT_SECONDS)
        started = self._clock()
        try:
            state, detail = self._listen(self._process)
        except Exception as error:  # noqa: BLE001 - a thread that dies leaves the door blind for ever
            said = error.strerror if isinstance(error, OSError) else type(error).__name__
            state = CameraState.OFFLINE
            detail = str(error) if isinstance(error, CameraError) else f"no frame: {said}"
        finally:
            self._end_process()
        newest = self._frames.newest_at()
        had_frames = newest is not None and newest > started
        return _Break(state, detail, BROKEN_OFF_SECONDS if had_frames else LONGEST_PAUSE_SECONDS)

    def _end_process(self) -> None:
        if self._process is not None:
            self._undead.append(self._process)
            self._process = None
        self._undead = [process for process in self._undead if not process.end()]

    def _listen(self, process: CaptureProcess) -> tuple[CameraState, str]:
        """Take in frames until there are none any more; give what is wrong then."""
        opened: SharedFrames | None = None
        limit, silence = START_SECONDS, "the capture process does not start"
        heard = self._clock()
        first: float | None = None
        state = CameraState.OFFLINE
        while not self._closing.is_set():
            message = process.receive(LOOK_UP_SECONDS)
            now = self._clock()
            # Frames that come, but from long ago, are as good as none.
            if message is not None and not self._is_late(message, now):
                heard = now
            if now - heard > limit:
                return state, silence
            if message is None:
                continue
            if isinstance(message, Failed):
                ended = CameraState.ENDED if message.has_ended else CameraState.OFFLINE
                return ended, message.problem
            if isinstance(message, Started):
                limit = self._settings.open_timeout_seconds
                silence = f"{self._source.name}: gives no picture within {limit:g} s"
            elif isinstance(message, Confined | Opened):
                opened = self._prepare(message, opened)
            elif opened is not None:
                limit, state = self._stalled_seconds, CameraState.STALLED
                silence = f"{self._source.name}: no new frame for {limit:g} s"
                verdict = self._take_in(opened, message)
                first = self._prove(first, now)
                if self._is_lasting(verdict, now):
                    return verdict.state, f"{verdict.detail}; opened again"
        return CameraState.OFFLINE, "closed"

    def _prepare(
        self, message: Confined | Opened, before: SharedFrames | None
    ) -> SharedFrames | None:
        """Take in what comes before frames; return where they lie from now on."""
        if isinstance(message, Confined):
            self._log.confined(message.lacking)
            return before
        shared = map_frames(message, self._settings.rotate)
        if before is not None:
            self._log.changed(shared.form, self._clock())
        return shared

    def _prove(self, first: float | None, now: float) -> float:
        """Begin with short pauses again after a while of frames; return when the first came."""
        if first is not None and now - first > PROVEN_SECONDS:
            self._backoff.reset()
        return now if first is None else first

    def _is_lasting(self, verdict: Verdict, now: float) -> bool:
        return not self._source.is_file and self._lasting.look(verdict.state, now)

    def _is_late(self, message: Message, now: float) -> bool:
        if not isinstance(message, Captured):
            return False
        return now - message.captured_at > self._stalled_seconds

    def _take_in(self, shared: SharedFrames, captured: Captured) -> Verdict:
        with self._lock:
            if self._broken is not None:
                self._watch.forget()
                self._broken = None
            verdict = self._watch.look(captured.picture, captured.captured_at)
            self._monochrome.look(
                captured.captured_at, is_monochrome=captured.picture.is_monochrome
            )
            proves_nothing = self._watch.is_repeat or captured.picture.is_torn
        if self._source.scene and verdict.state is CameraState.OK:
            self._source.scene.look(captured.picture.thumbnail, captured.captured_at)
        if proves_nothing:
            self._frames.repeat(captured)
        else:
            self._frames.put(shared.ring, captured, shared.turn)
        self._log.state(verdict.state, f"{self._source.name}: {verdict.detail or shared.form}")
        return verdict

    def _break(self, broken: _Break) -> None:
        now, state, detail = self._clock(), broken.state, broken.detail
        with self._lock:
            before = self._broken
            if before is not None and before.state is state:
                since = before.since
            elif before is None and self._watch.verdict.state is state:
                since = self._watch.verdict.since
            else:
                since = now
            self._broken = CameraHealth(state=state, since=since, detail=detail)
        self._log.state(state, detail)
