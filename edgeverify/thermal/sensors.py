"""Temperatures from the kernel: thermal zones by type, then hwmon chips by name.

Sources: the kernel's Documentation/ABI/testing/sysfs-class-thermal and hwmon/sysfs-interface:
thousandths of a degree in `temp` and `tempN_input`. Zones are numbered again at every boot, so they
are matched by type and never by index; they may be disabled, empty or answer EAGAIN.
"""

from __future__ import annotations

import importlib
import re
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

from edgeverify.folder_listing import entries
from edgeverify.thermal.bands import NO_TRIPS, Reading, Trips


@lru_cache(maxsize=1)
def _library() -> Any | None:
    """Load and initialise NVML once; None where there is no binding, driver or GPU."""
    try:
        library = importlib.import_module("pynvml")
        library.nvmlInit()
    except Exception:  # noqa: BLE001  (NVML's own error classes exist only where it is installed)
        return None
    return library


def gpu_celsius() -> float | None:
    """Return the hottest GPU's core temperature, or None where none can be read."""
    library = _library()
    if library is None:
        return None
    try:
        hottest = max(
            library.nvmlDeviceGetTemperature(
                library.nvmlDeviceGetHandleByIndex(index), library.NVML_TEMPERATURE_GPU
            )
            for index in range(library.nvmlDeviceGetCount())
        )
    except Exception:  # noqa: BLE001  (a GPU that fell off the bus must not stop the door)
        return None
    return float(hottest)


CPU_OR_GPU = re.compile(r"cpu|gpu|pkg|soc|core|tj[-_]|^tj$|k10temp|zenpower", re.IGNORECASE)
"""Zones and chips that speak of the processor (x86_pkg_temp, cpu-thermal, tj-thermal, coretemp);
others (battery, Wi-Fi, acpitz, disks) say nothing about what this program heats."""

LOWEST_CELSIUS, HIGHEST_CELSIUS = -40.0, 150.0
NOT_MEASURED = frozenset({0, -1, 255, -256, 255_000, -256_000})
"""Raw values that dead sensors and their drivers give; a living one meets them for a moment at
most, and a moment without a value changes nothing."""
PLAUSIBLE_TRIP_CELSIUS = (45.0, 125.0)


class Sensors:
    """Reads the sensors under `sys` (the root of sysfs) whose types are wanted.

    An empty `wanted` means every zone and chip of CPU or GPU, and a discrete NVIDIA GPU where the
    NVML bindings are installed. Found again at every look: zones come and go with their drivers.
    """

    def __init__(self, wanted: Sequence[str] = (), *, sys: Path = Path("/sys")) -> None:
        self._wanted = tuple(wanted)
        self._sys = sys

    def read(self) -> tuple[Reading, ...]:
        """Return one reading for each sensor; a wanted one that is absent reads as a fault."""
        found = [*self._zones(), *self._chips()]
        if not self._wanted:
            gpu = gpu_celsius()
            if gpu is not None:
                found.append(_believed("nvidia-gpu", round(gpu * 1000), NO_TRIPS))
        have = {reading.sensor.split("/")[0] for reading in found}
        absent = [name for name in self._wanted if name not in have]
        found += [Reading(sensor=name, celsius=None, fault="is not there") for name in absent]
        return tuple(sorted(found, key=lambda reading: reading.sensor))

    def _wants(self, kind: str) -> bool:
        return kind in self._wanted if self._wanted else bool(CPU_OR_GPU.search(kind))

    def _zones(self) -> list[Reading]:
        found: list[Reading] = []
        for zone in _entries(self._sys / "class/thermal", "thermal_zone*"):
            kind = _text(zone / "type")
            if not kind or not self._wants(kind):
                continue
            name = _unique(kind, found)
            if _text(zone / "mode") == "disabled":
                found.append(Reading(sensor=name, celsius=None, fault="is disabled"))
            else:
                found.append(_reading(name, zone / "temp", _trips(zone)))
        return found

    def _chips(self) -> list[Reading]:
        found: list[Reading] = []
        for chip in _entries(self._sys / "class/hwmon", "hwmon*"):
            kind = _text(chip / "name")
            # A zone shows itself once more as a chip whose "device" is the zone: once is enough.
            if not kind or not self._wants(kind) or (chip / "device" / "type").exists():
                continue
            for value in _entries(chip, "temp*_input"):
                number = value.name.removesuffix("_input")
                label = _text(chip / f"{number}_label") or number
                critical = _plausible(_number(chip / f"{number}_crit"))
                name = _unique(f"{kind}/{label}", found)
                found.append(_reading(name, value, Trips(critical=critical)))
        return found


def _entries(folder: Path, pattern: str) -> list[Path]:
    """List what the kernel shows; a sensor that is pulled, or hidden by a sandbox, is not there."""
    try:
        return entries(folder, pattern)
    except OSError:
        return []


def _reading(name: str, path: Path, trips: Trips) -> Reading:
    try:
        raw = path.read_text(encoding="ascii").strip()
    except OSError as error:
        return Reading(sensor=name, celsius=None, fault=error.strerror or "unreadable", trips=trips)
    except UnicodeDecodeError:
        raw = "?"
    try:
        return _believed(name, int(raw), trips)
    except ValueError:
        said = f"says {raw[:20]!r}" if raw else "is empty"
        return Reading(sensor=name, celsius=None, fault=said, trips=trips)


def _believed(name: str, raw: int, trips: Trips) -> Reading:
    celsius = raw / 1000
    if raw in NOT_MEASURED or not LOWEST_CELSIUS <= celsius <= HIGHEST_CELSIUS:
        return Reading(
            sensor=name, celsius=None, fault=f"says {raw}, which no processor has", trips=trips
        )
    return Reading(sensor=name, celsius=celsius, trips=trips)


def _trips(zone: Path) -> Trips:
    lowest: dict[str, float] = {}
    for kind_path in _entries(zone, "trip_point_*_type"):
        kind = _text(kind_path)
        value = _plausible(_number(zone / kind_path.name.replace("_type", "_temp")))
        if value is not None:
            lowest[kind] = min(value, lowest.get(kind, value))
    return Trips(
        passive=lowest.get("passive"), hot=lowest.get("hot"), critical=lowest.get("critical")
    )


def _plausible(milli: int | None) -> float | None:
    """Return the degrees, or None for the -274000, 0 and 255000 that stand for 'no trip here'."""
    if milli is None or not PLAUSIBLE_TRIP_CELSIUS[0] <= milli / 1000 <= PLAUSIBLE_TRIP_CELSIUS[1]:
        return None
    return milli / 1000


def _unique(name: str, found: Sequence[Reading]) -> str:
    same = sum(reading.sensor.split("#")[0] == name for reading in found)
    return f"{name}#{same + 1}" if same else name


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError):
        return ""


def _number(path: Path) -> int | None:
    try:
        return int(_text(path))
    except ValueError:
        return None
