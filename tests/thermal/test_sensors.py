"""What the kernel's files say, and what is not to be believed."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest

from edgeverify.thermal import Reading, Sensors, Trips

from .conftest import SensorTree


def only(sensors: Sensors) -> Reading:
    (reading,) = sensors.read()
    return reading


def test_a_raspberry_pi_has_one_zone(tree: SensorTree) -> None:
    tree.zone(0, "cpu-thermal", "48312", critical=110000)
    reading = only(Sensors(sys=tree.root))
    assert reading.sensor == "cpu-thermal"
    assert reading.celsius == pytest.approx(48.312)
    assert reading.trips == Trips(critical=110.0)


def test_a_jetson_shows_its_processors_and_hides_what_is_none(tree: SensorTree) -> None:
    for number, kind in enumerate(["cpu-thermal", "gpu-thermal", "soc0-thermal", "tj-thermal"]):
        tree.zone(number, kind, "50000", passive=99000, critical=104500)
    tree.zone(8, "battery", "31000")
    tree.zone(9, "iwlwifi_1", "45000")
    assert [reading.sensor for reading in Sensors(sys=tree.root).read()] == [
        "cpu-thermal",
        "gpu-thermal",
        "soc0-thermal",
        "tj-thermal",
    ]


def test_zones_are_matched_by_type_whatever_their_number(tree: SensorTree) -> None:
    tree.zone(7, "x86_pkg_temp", "61000")
    tree.zone(0, "acpitz", "20000")
    assert only(Sensors(["x86_pkg_temp"], sys=tree.root)).celsius == 61.0


def test_a_pc_without_zones_is_read_through_its_hwmon_chip(tree: SensorTree) -> None:
    tree.chip(2, "coretemp", "57000", label="Package id 0", crit="100000")
    tree.chip(1, "nvme", "40000")
    reading = only(Sensors(sys=tree.root))
    assert reading.sensor == "coretemp/Package id 0"
    assert reading.celsius == 57.0
    assert reading.trips == Trips(critical=100.0)


def test_a_zone_that_shows_itself_again_as_a_chip_is_read_once(tree: SensorTree) -> None:
    zone = tree.zone(0, "cpu-thermal", "48000")
    (tree.chip(0, "cpu_thermal", "48000") / "device").symlink_to(zone)
    assert only(Sensors(sys=tree.root)).sensor == "cpu-thermal"


def test_two_zones_of_one_type_keep_two_names(tree: SensorTree) -> None:
    tree.zone(0, "cpu-thermal", "48000")
    tree.zone(1, "cpu-thermal", "52000")
    assert [r.sensor for r in Sensors(sys=tree.root).read()] == ["cpu-thermal", "cpu-thermal#2"]


@pytest.mark.parametrize(
    "raw", ["", "0", "-1", "255", "255000", "-256", "-256000", "-274000", "999999", "warm", "4e1"]
)
def test_a_dead_sensor_is_never_a_number(tree: SensorTree, raw: str) -> None:
    tree.zone(0, "cpu-thermal", raw)
    reading = only(Sensors(sys=tree.root))
    assert reading.celsius is None
    assert reading.fault


def test_a_cold_door_in_winter_is_believed(tree: SensorTree) -> None:
    tree.zone(0, "cpu-thermal", "-17250")
    assert only(Sensors(sys=tree.root)).celsius == -17.25


def test_a_disabled_zone_says_so(tree: SensorTree) -> None:
    (tree.zone(0, "cpu-thermal", "48000") / "mode").write_text("disabled\n")
    assert only(Sensors(sys=tree.root)) == Reading(
        sensor="cpu-thermal", celsius=None, fault="is disabled"
    )


def test_a_file_that_cannot_be_read_gives_its_reason(tree: SensorTree) -> None:
    zone = tree.zone(0, "cpu-thermal", "48000")
    (zone / "temp").unlink()
    assert only(Sensors(sys=tree.root)).fault == "No such file or directory"


def test_a_driver_that_answers_eagain_is_a_moment_without_a_value(
    tree: SensorTree, monkeypatch: pytest.MonkeyPatch
) -> None:
    zone = tree.zone(0, "cpu-thermal", "48000")
    real = Path.read_text

    def again(self: Path, *args: object, **kwargs: object) -> str:
        if self == zone / "temp":
            raise BlockingIOError(11, os.strerror(11))
        return real(self, *args, **kwargs)  # type: ignore[arg-type]

    monkeypatch.setattr(Path, "read_text", again)
    reading = only(Sensors(sys=tree.root))
    assert reading.celsius is None
    assert reading.fault == "Resource temporarily unavailable"


def test_a_wanted_sensor_that_is_not_there_is_a_fault_not_a_silence(tree: SensorTree) -> None:
    tree.zone(0, "cpu-thermal", "48000")
    readings = Sensors(["cpu-thermal", "gpu-thermal"], sys=tree.root).read()
    assert [(r.sensor, r.fault) for r in readings] == [
        ("cpu-thermal", ""),
        ("gpu-thermal", "is not there"),
    ]


def test_trips_that_stand_for_none_are_ignored_and_the_lowest_of_a_kind_counts(
    tree: SensorTree,
) -> None:
    zone = tree.zone(0, "cpu-thermal", "48000", passive=85000, critical=-274000, active=40000)
    (zone / "trip_point_7_type").write_text("passive\n")
    (zone / "trip_point_7_temp").write_text("80000\n")
    assert only(Sensors(sys=tree.root)).trips == Trips(passive=80.0)


def test_this_machine_can_be_read_whatever_it_has() -> None:
    for reading in Sensors().read():
        assert reading.celsius is None or -40 <= reading.celsius <= 150


def test_reading_does_not_disturb_a_second_reader(tree: SensorTree) -> None:
    tree.zone(0, "cpu-thermal", "48000")
    sensors = Sensors(sys=tree.root)
    seen: list[tuple[Reading, ...]] = []
    readers = [threading.Thread(target=lambda: seen.append(sensors.read())) for _ in range(4)]
    for reader in readers:
        reader.start()
    for reader in readers:
        reader.join()
    assert len(set(seen)) == 1
