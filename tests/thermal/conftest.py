"""A fake sensor tree: the files that the kernel would show, written by hand."""

from __future__ import annotations

from pathlib import Path

import pytest


class SensorTree:
    """The root of a made-up sysfs."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def zone(self, number: int, kind: str, raw: str, **trips: int) -> Path:
        """Make or change a thermal zone; trips are given as `passive=85000`."""
        folder = self.root / f"class/thermal/thermal_zone{number}"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "type").write_text(f"{kind}\n")
        (folder / "temp").write_text(f"{raw}\n" if raw else "")
        for index, (name, value) in enumerate(trips.items()):
            (folder / f"trip_point_{index}_type").write_text(f"{name}\n")
            (folder / f"trip_point_{index}_temp").write_text(f"{value}\n")
        return folder

    def chip(self, number: int, name: str, raw: str, *, label: str = "", crit: str = "") -> Path:
        """Make or change a hwmon chip with one temperature."""
        folder = self.root / f"class/hwmon/hwmon{number}"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "name").write_text(f"{name}\n")
        (folder / "temp1_input").write_text(f"{raw}\n")
        if label:
            (folder / "temp1_label").write_text(f"{label}\n")
        if crit:
            (folder / "temp1_crit").write_text(f"{crit}\n")
        return folder


@pytest.fixture
def tree(tmp_path: Path) -> SensorTree:
    return SensorTree(tmp_path / "sys")
