"""Everything that goes wrong beside a door, each with its end; drawn by chance in a soak."""

from __future__ import annotations

import random
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass

from tests.soak.traffic import Witness
from tests.soak.world import COOL, CRITICAL, World
from tests.waiting import patience, until


@dataclass(frozen=True)
class Fault:
    """How it begins, how long it may last at most (seconds), and how it ends."""

    name: str
    begin: Callable[[World], None]
    end: Callable[[World, Witness], None]
    longest_seconds: float = 5.0
    needs_small_disk: bool = False


def _camera(order: str) -> Callable[[World], None]:
    def begin(world: World) -> None:
        world.camera_is_whole = False
        world.camera.order(order)

    return begin


def _camera_back(world: World, _: Witness) -> None:
    world.camera.recover()
    world.camera_is_whole = True


def _unplug(world: World) -> None:
    world.camera_is_whole = False
    world.camera.unplug()


def _plug_in(fault: str) -> Callable[[World, Witness], None]:
    def end(world: World, _: Witness) -> None:
        world.camera.start(fault)
        if fault:
            until(world.is_well, "a smaller picture")
            world.camera.unplug()
            world.camera.start()
        world.camera_is_whole = True

    return end


def _broker_back(world: World, witness: Witness) -> None:
    # The witness is there first, so that it hears whatever the door delivers.
    world.proxy.stall()
    world.broker.start()
    assert witness.connected.wait(patience(30))
    world.proxy.resume()


def _thaw(world: World, _: Witness) -> None:
    world.broker.thaw()


def _reload(world: World) -> None:
    seconds = 3.0 if world.changes.get("decision") else 2.5
    world.changes.pop("decision", None)
    if seconds == 2.5:
        world.configure(decision={"threshold": 0.94, "timeout_seconds": seconds})
    else:
        world.configure()
    _hang_up(world)


def _break_config(world: World) -> None:
    world.configure(decisions={})
    _hang_up(world)
    until(lambda: "config_rejected" in world.reasons(), "the broken config to be named")


def _repair_config(world: World, _: Witness) -> None:
    world.changes.pop("decisions", None)
    world.configure()
    _hang_up(world)


def _hang_up(world: World) -> None:
    assert world.process is not None
    world.process.send_signal(signal.SIGHUP)


def _nothing(_world: World, _witness: Witness) -> None:
    return


FAULTS = (
    Fault("broker killed", lambda w: w.broker.kill(), _broker_back),
    Fault("broker frozen", lambda w: w.broker.freeze(), _thaw),
    Fault("connection cut", lambda w: w.proxy.cut(), _nothing, 0.5),
    Fault("connection half-open", lambda w: w.proxy.stall(), lambda w, _: w.proxy.resume()),
    Fault("camera black", _camera("black"), _camera_back),
    Fault("camera frozen", _camera("still"), _camera_back),
    Fault("camera silent", _camera("silent"), _camera_back),
    Fault("camera unplugged", _unplug, _plug_in("")),
    Fault("camera exchanged", _unplug, _plug_in("small")),
    Fault(
        "disk full",
        lambda w: w.fill_the_disk(),
        lambda w, _: w.free_the_disk(),
        needs_small_disk=True,
    ),
    Fault("config reloaded", _reload, _nothing, 1.0),
    Fault("config broken", _break_config, _repair_config, 1.0),
    Fault("critical heat", lambda w: w.heat_to(CRITICAL), lambda w, _: w.heat_to(COOL)),
    Fault("sensor dead", lambda w: w.heat_to("-256"), lambda w, _: w.heat_to(COOL), 12.0),
)


def suffer(fault: Fault, world: World, witness: Witness, draw: random.Random) -> float:
    """Live through one fault; return the seconds from its end until all was well."""
    fault.begin(world)
    time.sleep(draw.uniform(min(1.0, fault.longest_seconds), fault.longest_seconds))
    fault.end(world, witness)
    return until(world.is_well, f"the door to recover from: {fault.name}", 30.0)
