"""The camera fails before a running door: named, denied, and back by itself."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator

import pytest

from edgeverify.demo.scenes import OWNER_CARD
from edgeverify.domain import Outcome, Reason
from tests.soak.conftest import props
from tests.soak.props import Props
from tests.soak.traffic import Witness
from tests.soak.world import World, world
from tests.waiting import patience, until

__all__ = ["props"]

NAMED_SECONDS = 2.0
BACK_SECONDS = 5.0
pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]


@pytest.fixture(scope="module")
def door(tmp_path_factory: pytest.TempPathFactory, props: Props) -> Iterator[World]:
    """One daemon for all of these: it must survive them one after the other."""
    camera = {"source": "", "frozen_seconds": 1.0}
    with world(tmp_path_factory.mktemp("door"), props) as made:
        camera["source"] = f"http://127.0.0.1:{made.camera.port}/video"
        made.configure(camera=camera)
        made.start()
        yield made


def _fault(name: str) -> Callable[[World], None]:
    def order(door: World) -> None:
        door.camera.order(name)

    return order


@pytest.mark.parametrize(
    ("name", "begin"),
    [
        ("black", _fault("black")),
        ("covered", _fault("covered")),
        ("overexposed", _fault("overexposed")),
        ("torn", _fault("torn")),
        ("stalled", _fault("silent")),
        ("frozen", _fault("still")),
        ("offline", lambda door: door.camera.unplug()),
    ],
)
def test_a_camera_that_fails_is_named_denies_and_comes_back(
    door: World, name: str, begin: Callable[[World], None]
) -> None:
    """Named within 2 s (a still picture after `frozen_seconds`, here 1, too), back within 5 s."""
    with Witness(door.broker.port) as witness:
        witness.let_in(OWNER_CARD)
        begin(door)
        named = until(lambda: f"camera_{name}" in door.reasons(), f"camera_{name} in the status")
        denied = witness.ask(OWNER_CARD)
        assert (denied.outcome, denied.reason) == (Outcome.DENY, Reason.CAMERA_UNAVAILABLE)
        if name == "offline":
            door.camera.start()
        else:
            door.camera.recover()
        back = until(door.is_well, "the camera to be back")
        witness.let_in(OWNER_CARD)
    load = os.getloadavg()[0]
    print(f"camera {name}: named after {named:.2f} s, back after {back:.2f} s; load {load:.1f}")  # noqa: T201
    assert named <= patience(NAMED_SECONDS)
    assert back <= patience(BACK_SECONDS)


def test_a_camera_that_goes_dark_while_somebody_stands_there(door: World) -> None:
    """Frames seen before the fault do not carry a grant over it."""
    with Witness(door.broker.port) as witness:
        door.camera.show("empty")
        until(door.is_well, "an empty room")
        name = witness.claim(OWNER_CARD)
        door.camera.order("black")
        until(lambda: witness.answer(name) is not None, "a decision")
        decision = witness.answer(name)
        assert decision is not None
        assert decision.outcome is Outcome.DENY
        assert decision.reason in {Reason.CAMERA_UNAVAILABLE, Reason.NO_FACE}
        door.camera.show("owner")
        until(door.is_well, "the camera to be back", 5.0)


def test_another_resolution_is_taken_as_it_comes(door: World) -> None:
    """Exchanged for a cheaper camera: faces are too small now, and the door says so."""
    with Witness(door.broker.port) as witness:
        door.camera.unplug()
        door.camera.start("small")
        until(door.is_well, "the camera to be back", 5.0)
        witness.hears(OWNER_CARD, Reason.POOR_QUALITY)
        door.camera.unplug()
        door.camera.start()
        until(door.is_well, "the camera to be back", 5.0)
        witness.let_in(OWNER_CARD)
