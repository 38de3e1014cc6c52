"""What stands around the door: camera, broker, clock, heat, LEDs and buzzer."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator, Mapping
from contextlib import closing

from edgeverify.camera.camera import CameraState, camera_fault
from edgeverify.camera.open_camera import open_camera
from edgeverify.camera.source import public_name
from edgeverify.clock import SystemClock
from edgeverify.config import LoadedConfig
from edgeverify.daemon.doctor.finding import Finding, fault_found, of_degradation
from edgeverify.domain import FaultName
from edgeverify.errors import BrokerError, CameraError
from edgeverify.signals.lines import LinesGoneError, held_lines
from edgeverify.thermal import Sensors
from edgeverify.thermal.bands import bands

CAMERA_SECONDS = 10.0
BROKER_SECONDS = 5.0


def look_at_camera(config: LoadedConfig, *, is_running: bool) -> Iterator[Finding]:
    """Wait for a picture; a running daemon holds the camera, and has said how it is."""
    if is_running:
        yield Finding(part="camera", is_well=True, seen="in use by the running daemon")
        return
    settings = config.settings.camera
    try:
        camera = open_camera(settings, folder=config.folder, private=(config.folder,))
    except CameraError as error:
        yield fault_found("camera", FaultName.CAMERA_OFFLINE, error.problem, error.advice)
        return
    with closing(camera):
        deadline = time.monotonic() + CAMERA_SECONDS
        frame = None
        while frame is None and time.monotonic() < deadline:
            frame = camera.latest(0, 0.5)
        if frame is not None:
            time.sleep(min(1.0, max(0.0, deadline - time.monotonic())))  # a black one has a name
        health = camera.health()
    if frame is None or not health.is_usable:
        state = CameraState.OFFLINE if health.is_usable else health.state
        name = camera_fault(state)
        yield fault_found("camera", name, _named(settings.source, health.detail))
    else:
        seen = f"{public_name(settings.source)}: {frame.width} x {frame.height} pixels"
        seen += ", without colour" if health.is_monochrome else ""
        yield Finding(part="camera", is_well=True, seen=seen)
    if health.unconfined:
        yield fault_found("camera", FaultName.CAMERA_UNCONFINED, health.unconfined)


def _named(source: str, detail: str) -> str:
    name = public_name(source)
    return detail if detail.startswith(name) else f"{name}: {detail}"


def look_at_broker(config: LoadedConfig, environ: Mapping[str, str]) -> Iterator[Finding]:
    """Connect as the door would, without taking its place, and ask for its claims."""
    from edgeverify.client import Feed  # noqa: PLC0415 - network code only where it is used
    from edgeverify.events import Topics  # noqa: PLC0415
    from edgeverify.mqtt import load_credentials  # noqa: PLC0415
    from edgeverify.mqtt.failures import of_exception, of_words  # noqa: PLC0415

    settings = config.settings.mqtt
    where = f"{settings.host}:{settings.port}"
    login = load_credentials(settings, config_folder=config.folder, environ=environ)
    try:
        address = (settings.host, settings.port)
        with socket.create_connection(address, timeout=BROKER_SECONDS) as plain:
            if login.tls is not None:
                login.tls.wrap_socket(plain, server_hostname=settings.host).close()
    except OSError as error:
        yield of_degradation("broker", of_exception(error, where))
        return
    try:
        with Feed(
            settings.host,
            settings.port,
            topics=(Topics(config.settings.door).claim,),
            username=login.username,
            password=login.password,
            tls=login.tls,
            timeout_seconds=BROKER_SECONDS,
        ):
            secured = "TLS" if login.tls else "no TLS"
            seen = f"{where} answers, and lets the door hear claims ({secured})"
            yield Finding(part="broker", is_well=True, seen=seen)
    except BrokerError as error:
        yield of_degradation("broker", of_words(error.problem, where))


def look_at_clock(config: LoadedConfig) -> Iterator[Finding]:
    """Ask the kernel whether the clock was set since the machine started."""
    reading = SystemClock().read()
    seen = f"{reading.wall:%Y-%m-%d %H:%M:%S} UTC"
    if reading.is_synchronised:
        yield Finding(part="clock", is_well=True, seen=f"{seen}, synchronised")
        return
    seen = f"{seen}, not set since the machine started"
    if config.settings.clock.allow_unsynced:
        allowed = f"clock_unsynced: {seen} (allowed by clock.allow_unsynced)"
        yield Finding(part="clock", is_well=True, seen=allowed, fault="clock_unsynced")
    else:
        yield fault_found("clock", FaultName.CLOCK_UNSYNCED, seen)


def look_at_heat(config: LoadedConfig, sensors: Sensors | None = None) -> Iterator[Finding]:
    """Read every sensor once."""
    settings = config.settings.thermal
    readings = (sensors or Sensors(settings.sensors)).read()
    known = [(r.sensor, r.celsius) for r in readings if r.celsius is not None]
    laid = [(r.celsius, bands(settings, r.trips)) for r in readings if r.celsius is not None]
    dead = [f"{r.sensor} {r.fault}" for r in readings if r.celsius is None]
    if not known:
        seen = "; ".join(dead) or "no sensor"
        yield fault_found("heat", FaultName.TEMPERATURE_UNKNOWN, seen)
        return
    if dead:
        yield fault_found("heat", FaultName.TEMPERATURE_SENSOR_DEAD, "; ".join(dead))
    seen = ", ".join(f"{sensor} {celsius:.0f} C" for sensor, celsius in known)
    if any(celsius >= begins.critical for celsius, begins in laid):
        yield fault_found("heat", FaultName.OVERHEATED, seen)
    elif any(celsius >= begins.soft for celsius, begins in laid):
        yield fault_found("heat", FaultName.HOT, seen)
    else:
        yield Finding(part="heat", is_well=True, seen=seen)


def look_at_signals(config: LoadedConfig, *, is_running: bool) -> Iterator[Finding]:
    """Take the lines of LEDs and buzzer for a moment; nothing is said of what is not there."""
    settings = config.settings.signals
    named = ", ".join(f"{name} on line {each.line}" for name, each in settings.outputs.items())
    if not named:
        return
    if is_running:
        yield Finding(part="signals", is_well=True, seen=f"{named}: held by the running daemon")
        return
    try:
        with held_lines(settings):
            yield Finding(part="signals", is_well=True, seen=f"{named} of {settings.chip}")
    except LinesGoneError as error:
        yield fault_found("signals", FaultName.SIGNALS_UNAVAILABLE, str(error))
