"""Its test: what is typed becomes a claim, and at a real door a grant."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from edgeverify.claims import ClaimGate, ClaimIntake
from edgeverify.config import load_config
from edgeverify.config.problems import ConfigProblemsError
from edgeverify.demo.scenes import OWNER_CARD, UNKNOWN_CARD
from edgeverify.domain import Claim, Outcome, Reason
from edgeverify.journal.reading import recent
from tests.claims.example_stdin.section import StdinDoorSettings
from tests.claims.example_stdin.source import STDIN, StdinClaims
from tests.doors import NOON
from tests.soak.conftest import props
from tests.soak.props import Props
from tests.soak.world import World, world
from tests.waiting import until

__all__ = ["props"]


def test_each_line_is_a_claim_of_its_own_and_what_is_no_card_number_is_refused() -> None:
    handed: list[Claim] = []
    counted: list[str] = []
    ids = iter("abc")
    intake = ClaimIntake(
        ClaimGate(10.0, {}),
        lambda claim: handed.append(claim) is None,
        wall=lambda: NOON,
        monotonic=lambda: 5.0,
        new_id=lambda: next(ids),
        counted=counted.append,
        taken=lambda: None,
    )
    reads, types = os.pipe()
    source = StdinClaims(reads, "C:", intake)
    os.write(types, b"C:0012345\n\nC:00")
    os.write(types, b"99\r\n")
    until(lambda: len(handed) == 2, "two claims")
    source.stop()
    os.write(types, b"C:1\n")
    os.close(types)
    os.close(reads)
    assert [(one.id, one.card, one.source) for one in handed] == [
        ("a", "0012345", STDIN),
        ("b", "0099", STDIN),
    ]
    assert all(one.remember_until is not None for one in handed)
    assert counted == ["refused"]


def test_its_section_is_checked_like_any_other(tmp_path: Path) -> None:
    config = tmp_path / "door.yaml"
    config.write_text('claims:\n  sources: [stdin]\n  stdin:\n    prefix: "C:"\n')
    assert load_config(config, StdinDoorSettings).settings.claims.sources == ("stdin",)
    with pytest.raises(ConfigProblemsError, match=r"must be mqtt, .*walk_up.* or "):
        load_config(config)
    config.write_text("claims:\n  stdin:\n    prefx: x\n")
    with pytest.raises(ConfigProblemsError, match=r"3: claims\.stdin\.prefx: unknown key"):
        load_config(config, StdinDoorSettings)


@pytest.fixture
def door(tmp_path: Path, props: Props) -> Iterator[World]:
    with world(tmp_path, props) as made:
        made.program = ("-m", "tests.claims.example_stdin.door")
        made.configure(claims={"sources": ["stdin"]})
        yield made


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_a_card_number_typed_on_standard_input_lets_its_owner_in(door: World) -> None:
    reads, types = os.pipe()
    door.stdin = reads
    door.start()

    def reason_of(card: str) -> Reason:
        before = len(recent(door.journal, limit=100))
        os.write(types, f"{card}\n".encode())
        until(lambda: len(recent(door.journal, limit=100)) > before, "a decision")
        return recent(door.journal, limit=1)[0].reason

    assert reason_of(UNKNOWN_CARD) is Reason.UNKNOWN_REFERENCE
    until(lambda: reason_of(OWNER_CARD) is Reason.MATCH, "the owner to be seen")
    newest = recent(door.journal, limit=1)[0]
    assert (newest.outcome, newest.card, newest.source) == (Outcome.GRANT, OWNER_CARD, "stdin")
    assert door.stop() == 0
    os.close(types)
    os.close(reads)
