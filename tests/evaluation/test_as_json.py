"""Reports as JSON: whatever a report holds is written, and what is not a number becomes null."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from edgeverify.bundle.group_rate import GroupRate
from edgeverify.evaluation.as_json import plain


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
