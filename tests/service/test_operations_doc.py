"""Every name that a door can be degraded by stands in docs/operations.md, with what to do."""

from __future__ import annotations

from pathlib import Path
from typing import get_args

import pytest

from edgeverify.camera.camera import CameraState, camera_fault
from edgeverify.domain import FaultName
from edgeverify.domain.described_word import table
from edgeverify.runtime.open_session import BackEnd

CHECKOUT = Path(__file__).resolve().parents[2]


def test_the_page_has_the_table_of_the_names_in_the_code() -> None:
    page = (CHECKOUT / "docs/operations.md").read_text(encoding="utf-8")
    printed = "python -m edgeverify.domain.fault_name"
    assert table(FaultName) in page, f"put there what `{printed}` prints"


@pytest.mark.parametrize("name", FaultName)
def test_each_is_explained_in_whole_sentences(name: FaultName) -> None:
    assert name.meaning
    assert name.grants
    assert name.advice[0].isupper()
    assert name.advice.endswith((".", "?"))
    assert "|" not in name.meaning + name.grants + name.advice


def test_a_name_is_the_same_word_wherever_it_is_shown() -> None:
    name = FaultName("broker_tls")
    assert name is FaultName.BROKER_TLS
    assert {name: 1}["broker_tls"] == 1, "equal to the word, and found by it"
    assert (str(name), f"{name}", name.value) == ("broker_tls", "broker_tls", "broker_tls")


def test_whatever_a_camera_or_a_back_end_says_has_a_name() -> None:
    for state in CameraState:
        if state is not CameraState.OK:
            assert camera_fault(state).value.startswith("camera_")
    for back_end in get_args(BackEnd):
        assert FaultName(back_end).value == back_end
