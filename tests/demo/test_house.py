"""The config of a scene is one that the door takes."""

from __future__ import annotations

from pathlib import Path

import pytest

from edgeverify.config import load_config
from edgeverify.demo.broker import BrokerAddress
from edgeverify.demo.house import House


@pytest.mark.parametrize("is_own_camera", [False, True])
def test_a_photo_of_the_doors_own_camera_is_called_so(
    tmp_path: Path, *, is_own_camera: bool
) -> None:
    house = House.build(tmp_path)
    house.furnish(
        source="0",
        liveness="auto",
        broker=BrokerAddress("localhost", 1883),
        bundle="sface",
        timeout_seconds=5.0,
        has_other=not is_own_camera,
        is_own_camera=is_own_camera,
    )
    settings = load_config(house.config).settings
    assert settings.enrolment.camera_only is is_own_camera
    assert settings.staff[0].camera_photos == (settings.staff[0].photos if is_own_camera else ())
