"""The power goes at every single moment of a door's evening; what it promised is still there.

Two controls prove the rig: with `synchronous` OFF and with NORMAL it must find promises broken.
"""

from __future__ import annotations

import random
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest

from edgeverify.journal import Journal
from edgeverify.journal.database import integrity
from edgeverify.journal.reading import recent
from tests.doors import NOON, decided, door_keys
from tests.power_cut.disk import Disk, fates
from tests.power_cut.recording import Operation, build_shim, operations, run_under
from tests.power_cut.workload import DECISIONS

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]


@pytest.fixture(scope="module")
def shim(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_shim(tmp_path_factory.mktemp("shim"))


@dataclass(frozen=True)
class Finding:
    """One cut whose aftermath was wrong."""

    moment: int
    fate: str
    problem: str


def _recorded(shim: Path, folder: Path, synchronous: str) -> list[Operation]:
    state, keys, log = folder / "state", folder / "keys", folder / "log"
    state.mkdir()
    keys.mkdir()
    door_keys(keys)
    arguments = [str(state), str(keys), synchronous]
    module = "tests.power_cut.workload"
    run_under(shim, module, arguments, folder=state, log=log, fault=folder / "no-fault")
    return [step for step in operations(log) if not step.path.endswith("-shm")]


def _cuts(steps: list[Operation], seed: int, every: int = 1) -> Iterator[Finding | None]:
    """Cut the power after each operation, in every fate; yield what was found."""
    disk, draw, promised = Disk(), random.Random(seed), bytearray()
    keys_folder = Path(tempfile.mkdtemp())
    fast = "/dev/shm" if Path("/dev/shm").is_dir() else None  # noqa: S108 - memory, for speed
    for moment, step in enumerate(steps):
        if step.path.endswith("/acks"):
            promised.extend(step.data)
        else:
            disk.do(step)
        if moment % every:
            continue
        for fate, survives in fates(draw):
            with tempfile.TemporaryDirectory(dir=fast) as aftermath:
                disk.cut(Path(aftermath), survives, draw)
                problem = _problem(Path(aftermath), promised.decode().split(), keys_folder)
            yield Finding(moment, fate, problem) if problem else None


def _problem(folder: Path, promised: list[str], keys_folder: Path) -> str:
    path = folder / "journal.sqlite"
    journal = Journal(path)
    journal.probe(NOON + timedelta(hours=1))
    if journal.degradations():
        return journal.degradations()[0].detail
    rows = recent(path, limit=1000)
    missing = set(promised) - {row.event_id for row in rows}
    if missing:
        return f"{len(missing)} of {len(promised)} promised decisions lost"
    top = max((row.sequence for row in rows), default=0)
    if journal.record(decided("next"), door_keys(keys_folder)).decision.sequence <= top:
        return "the sequence came back"
    journal.close()
    damage = integrity(path)
    return f"damaged: {damage[0]}" if damage else ""


def test_no_promise_is_broken_at_any_moment(shim: Path, tmp_path: Path) -> None:
    steps = _recorded(shim, tmp_path, "FULL")
    kinds = {step.kind for step in steps}
    assert {"C", "W", "S"} <= kinds, "the shim saw the journal at work"
    assert sum(step.path.endswith("/acks") and step.kind == "W" for step in steps) == DECISIONS
    found = list(_cuts(steps, seed=1))
    print(f"{len(steps)} operations, {len(found)} power cuts")  # noqa: T201
    assert len(found) >= 4 * len(steps) > 400
    assert [finding for finding in found if finding] == []


@pytest.mark.parametrize("synchronous", ["OFF", "NORMAL"])
def test_the_rig_finds_the_promises_of_a_careless_journal_broken(
    synchronous: str, shim: Path, tmp_path: Path
) -> None:
    steps = _recorded(shim, tmp_path, synchronous)
    found = [finding for finding in _cuts(steps, seed=1, every=5) if finding]
    assert any("promised decisions lost" in finding.problem for finding in found)
