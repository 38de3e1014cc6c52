"""The camera fails before a running door: named, denied, and back by itself."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from edgeverify.demo.scenes import OWNER_CARD
from edgeverify.domain import Outcome, Reason
from tests.soak.conftest import props
from tests.soak.props import Props
from tests.soak.traffic import Witness
from tests.soak.world import World, until, world

__all__ = ["props"]

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]


@pytest.fixture(scope="module")
def door(tmp_path_factory: pytest.TempPathFactory, props: Props) -> Iterator[World]:
    """One daemon for all of these: it must survive them one after the other."""
    with world(tmp_path_factory.mktemp("door"), props) as made:
        made.start()
        yield made


def _fault(name: str) -> Callable[[World], None]:
    def order(door: World) -> None:
        door.camera.order(name)

    return order


@pytest.mark.parametrize(
    ("name", "begin", "states"),
    [
        ("black", _fault("black"), {"camera_black"}),
        ("silent", _fault("silent"), {"camera_stalled"}),
        ("still", _fault("still"), {"camera_frozen"}),
        ("unplugged", lambda door: door.camera.unplug(), {"camera_offline"}),
    ],
)
def test_a_camera_that_fails_is_named_denies_and_comes_back(
    door: World,
    name: str,
    begin: Callable[[World], None],
    states: set[str],
) -> None:
    """Named within 2 s (a still picture after `frozen_seconds`, here 2, more), back within 5 s."""
    limit = 4.0 if name == "still" else 2.5
    with Witness(door.broker.port) as witness:
        assert witness.ask(OWNER_CARD).outcome is Outcome.GRANT
        begin(door)
        named = until(lambda: bool(states & door.reasons()), f"{states} in the status", limit)
        denied = witness.ask(OWNER_CARD)
        assert (denied.outcome, denied.reason) == (Outcome.DENY, Reason.CAMERA_UNAVAILABLE)
        if name == "unplugged":
            door.camera.start()
        else:
            door.camera.recover()
        back = until(door.is_well, "the camera to be back", 5.0)
        assert witness.ask(OWNER_CARD).outcome is Outcome.GRANT
    print(f"camera {name}: named after {named:.1f} s, back after {back:.1f} s")  # noqa: T201


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
        assert witness.ask(OWNER_CARD).reason is Reason.POOR_QUALITY
        door.camera.unplug()
        door.camera.start()
        until(door.is_well, "the camera to be back", 5.0)
        assert witness.ask(OWNER_CARD).outcome is Outcome.GRANT
