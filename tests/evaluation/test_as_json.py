"""Reports as JSON: whatever a report holds is written, and what is not a number becomes null."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path

from edgeverify.bundle.group_rate import GroupRate
from edgeverify.evaluation.as_json import plain
from edgeverify.journal.impostors import LiveRate


@dataclass(frozen=True)
class Report:
    groups: tuple[GroupRate, ...]
    folder: Path
    rate: float
    curve: tuple[float, ...] = ()


def test_the_rates_of_groups_are_written_with_their_counts() -> None:
    group = GroupRate(
        name="look-alikes",
        dataset="LFW",
        people=12,
        false_matches=1,
        non_mated=100,
        fmr_upper_95=0.05,
        supported=False,
    )
    written = plain(Report((group,), Path("faces"), float("nan"), (0.5,)))
    assert json.loads(json.dumps(written)) == {
        "groups": [
            {
                "name": "look-alikes",
                "dataset": "LFW",
                "people": 12,
                "false_matches": 1,
                "non_mated": 100,
                "fmr_upper_95": 0.05,
                "supported": False,
            }
        ],
        "folder": "faces",
        "rate": None,
    }


def test_since_when_a_door_has_counted_is_written() -> None:
    rate = LiveRate(comparisons=3, since=datetime(2026, 11, 30, 4, 25, tzinfo=timezone.utc))
    assert json.loads(json.dumps(plain(rate)))["since"] == "2026-11-30T04:25:00+00:00"
