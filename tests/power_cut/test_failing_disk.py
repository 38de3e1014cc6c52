"""EIO and ENOSPC, from write and from fsync: denied while it lasts, well again afterwards."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.power_cut.recording import build_shim, run_under


@pytest.mark.parametrize(
    ("kind", "says"),
    [("W", "disk I/O error"), ("S", "disk I/O error"), ("F", "database or disk is full")],
    ids=["write EIO", "fsync EIO", "write ENOSPC"],
)
def test_a_failing_disk_denies_and_what_was_refused_is_not_history(
    kind: str, says: str, tmp_path: Path
) -> None:
    shim = build_shim(tmp_path)
    state, keys, fault = tmp_path / "state", tmp_path / "keys", tmp_path / "fault"
    state.mkdir()
    keys.mkdir()
    said = run_under(
        shim,
        "tests.power_cut.failing",
        [str(state), str(keys), str(fault), kind],
        folder=state,
        log=tmp_path / "log",
        fault=fault,
    )
    report = json.loads(said)
    assert len(report["refused"]) == 3
    assert says in report["refused"][0]
    assert report["named"] == ["journal_unavailable"]
    assert report["still_named"] == []
    assert report["rows"] == ["event-after", "event-before"]
    assert report["rises"]
