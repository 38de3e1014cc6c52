"""What `edgeverify doctor` looks at: each part by itself, and what to do where it is not well."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from edgeverify.camera.open_camera import open_camera
from edgeverify.clock import SystemClock
from edgeverify.config import LoadedConfig
from edgeverify.daemon.brain import Brain, open_brain
from edgeverify.daemon.owner import owner_key
from edgeverify.errors import EdgeverifyError
from edgeverify.models.folders import models_directory
from edgeverify.private_files import PRIVATE_FOLDER
from edgeverify.state import check_owner, state_path
from edgeverify.status_socket import is_running
from edgeverify.thermal import Sensors

CAMERA_SECONDS = 10.0
MIN_FREE_BYTES = 200 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One line: a part, whether it is well, what was seen, and what to do about it."""

    part: str
    is_well: bool
    seen: str
    advice: str = ""


def examine(
    config: LoadedConfig, state: Path | None, environ: Mapping[str, str]
) -> Iterator[Finding]:
    """Look at every part in turn; a part that breaks is a finding, never an exception."""
    place = state_path(config.settings.door, state, environ)
    runs = place.is_dir() and is_running(place)
    yield Finding(
        part="daemon",
        is_well=True,
        seen="running (its own view: `edgeverify status`)" if runs else "not running",
    )
    checks: tuple[tuple[str, Callable[[], Iterator[Finding]]], ...] = (
        ("model", lambda: _model(config, environ)),
        ("camera", lambda: _camera(config, is_running=runs)),
        ("broker", lambda: _broker(config, environ)),
        ("permissions", lambda: _permissions(place)),
        ("clock", lambda: _clock(config)),
        ("disk", lambda: _disk(place)),
        ("heat", lambda: _heat(config)),
    )
    for part, check in checks:
        try:
            yield from check()
        except EdgeverifyError as error:  # noqa: PERF203 - the others still run
            yield Finding(part=part, is_well=False, seen=error.problem, advice=error.advice)


def _model(config: LoadedConfig, environ: Mapping[str, str]) -> Iterator[Finding]:
    settings = config.settings
    brain = open_brain(settings, models_directory(environ), owner_key(settings, config.folder))
    name = brain.opened.session.name
    seen = f"{brain.bundle.manifest.name} on {name}, golden cosine {brain.golden_cosine:.5f}"
    yield Finding(part="model", is_well=True, seen=seen)
    for refused in brain.opened.refused:
        yield Finding(part="runtime", is_well=True, seen=f"not {refused.name}: {refused.detail}")
    point = brain.point(settings)
    seen = f"{point.threshold:.4f}: {point.evidence}"
    advice = "Measure it: edgeverify calibrate" if point.max_fmr is None else ""
    yield Finding(part="threshold", is_well=point.max_fmr is not None, seen=seen, advice=advice)
    yield _liveness(brain, config)
    brain.opened.session.close()


def _liveness(brain: Brain, config: LoadedConfig) -> Finding:
    plan = brain.plan(config.settings)
    if plan.is_off:
        advice = "Remove `liveness: off`: a photo of a colleague opens this door"
        return Finding(part="liveness", is_well=False, seen="switched off", advice=advice)
    words = [name for name in ("passive", "challenge") if getattr(plan, name)]
    problem = "; ".join(notice.detail for notice in brain.notices)
    advice = "" if plan.can_run else "Fetch it again: edgeverify models fetch minifasnet"
    seen = problem or " and ".join(words)
    return Finding(part="liveness", is_well=plan.can_run, seen=seen, advice=advice)


def _camera(config: LoadedConfig, *, is_running: bool) -> Iterator[Finding]:
    if is_running:
        yield Finding(part="camera", is_well=True, seen="in use by the running daemon")
        return
    settings = config.settings.camera
    with closing(open_camera(settings, folder=config.folder)) as camera:
        deadline = time.monotonic() + CAMERA_SECONDS
        frame = None
        while frame is None and time.monotonic() < deadline:
            frame = camera.latest(0, 0.5)
        health = camera.health()
    if frame is None or not health.is_usable:
        seen = f"{settings.source}: {health.state.value}: {health.detail}"
        advice = "Is it plugged in, and may this user read it (group video)?"
        yield Finding(part="camera", is_well=False, seen=seen, advice=advice)
    else:
        seen = f"{settings.source}: {frame.width} x {frame.height} pixels"
        yield Finding(part="camera", is_well=True, seen=seen)


def _broker(config: LoadedConfig, environ: Mapping[str, str]) -> Iterator[Finding]:
    from edgeverify.client import Feed  # noqa: PLC0415 - network code only where it is used
    from edgeverify.events import Topics  # noqa: PLC0415
    from edgeverify.mqtt import load_credentials  # noqa: PLC0415

    settings = config.settings.mqtt
    login = load_credentials(settings, config_folder=config.folder, environ=environ)
    topics = (Topics(config.settings.door).status,)
    with Feed(
        settings.host,
        settings.port,
        topics=topics,
        username=login.username,
        password=login.password,
        tls=login.tls,
        timeout_seconds=5.0,
    ):
        secured = "TLS" if login.tls else "no TLS"
        seen = f"{settings.host}:{settings.port} answers ({secured})"
        yield Finding(part="broker", is_well=True, seen=seen)


def _permissions(place: Path) -> Iterator[Finding]:
    if not place.exists():
        yield Finding(part="permissions", is_well=True, seen=f"{place} is made at the first start")
        return
    check_owner(place)
    mode = place.stat().st_mode & 0o777
    is_private = mode & 0o077 == 0
    advice = "" if is_private else f"chmod {PRIVATE_FOLDER:o} {place}"
    seen = f"{place} has mode {mode:o}"
    yield Finding(part="permissions", is_well=is_private, seen=seen, advice=advice)


def _clock(config: LoadedConfig) -> Iterator[Finding]:
    reading = SystemClock().read()
    seen = f"{reading.wall:%Y-%m-%d %H:%M:%S} UTC"
    if reading.is_synchronised:
        yield Finding(part="clock", is_well=True, seen=f"{seen}, synchronised")
        return
    allowed = config.settings.clock.allow_unsynced
    seen = f"{seen}, not set since the machine started"
    seen += " (allowed by clock.allow_unsynced)" if allowed else ""
    yield Finding(
        part="clock",
        is_well=allowed,
        seen=seen,
        advice="" if allowed else "Enable time synchronisation: timedatectl set-ntp true",
    )


def _disk(place: Path) -> Iterator[Finding]:
    folder = place
    while not folder.exists():
        folder = folder.parent
    free = shutil.disk_usage(folder).free
    is_writable = os.access(folder, os.W_OK)
    seen = f"{free / (1 << 30):.1f} GiB free at {folder}"
    advice = "" if free >= MIN_FREE_BYTES else "Make room: the door denies while the disk is full"
    if not is_writable:
        advice = "This user may not write there"
    is_well = free >= MIN_FREE_BYTES and is_writable
    yield Finding(part="disk", is_well=is_well, seen=seen, advice=advice)


def _heat(config: LoadedConfig) -> Iterator[Finding]:
    readings = Sensors(config.settings.thermal.sensors).read()
    known = [r for r in readings if r.celsius is not None]
    if not known:
        seen = "; ".join(f"{r.sensor} {r.fault}" for r in readings) or "no sensor"
        advice = "The door runs, and cannot slow down when it gets hot"
        yield Finding(part="heat", is_well=False, seen=seen, advice=advice)
        return
    seen = ", ".join(f"{r.sensor} {r.celsius:.0f} C" for r in known)
    yield Finding(part="heat", is_well=True, seen=seen)
