"""A discrete GPU, played by a module of NVML's shape; the real one has not been run here."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from types import SimpleNamespace

import pytest

from edgeverify.thermal import Sensors
from edgeverify.thermal import sensors as nvml

from .conftest import SensorTree


@pytest.fixture(autouse=True)
def _look_again() -> Iterator[None]:
    nvml._library.cache_clear()
    yield
    nvml._library.cache_clear()


def install(monkeypatch: pytest.MonkeyPatch, celsius: dict[int, int | Exception]) -> None:
    def temperature(handle: int, kind: int) -> int:
        assert kind == 0
        value = celsius[handle]
        if isinstance(value, Exception):
            raise value
        return value

    module = SimpleNamespace(
        NVML_TEMPERATURE_GPU=0,
        nvmlInit=lambda: None,
        nvmlDeviceGetCount=lambda: len(celsius),
        nvmlDeviceGetHandleByIndex=lambda index: index,
        nvmlDeviceGetTemperature=temperature,
    )
    monkeypatch.setitem(sys.modules, "pynvml", module)


def test_the_hottest_card_counts(monkeypatch: pytest.MonkeyPatch, tree: SensorTree) -> None:
    install(monkeypatch, {0: 61, 1: 74})
    (reading,) = Sensors(sys=tree.root).read()
    assert (reading.sensor, reading.celsius) == ("nvidia-gpu", 74.0)


def test_without_bindings_or_driver_there_is_no_such_sensor(
    monkeypatch: pytest.MonkeyPatch, tree: SensorTree
) -> None:
    monkeypatch.setitem(sys.modules, "pynvml", None)
    assert Sensors(sys=tree.root).read() == ()


def test_a_card_that_fell_off_the_bus_stops_nothing(
    monkeypatch: pytest.MonkeyPatch, tree: SensorTree
) -> None:
    install(monkeypatch, {0: RuntimeError("GPU is lost")})
    tree.zone(0, "x86_pkg_temp", "55000")
    assert [reading.sensor for reading in Sensors(sys=tree.root).read()] == ["x86_pkg_temp"]


def test_a_card_is_not_read_where_the_config_names_other_sensors(
    monkeypatch: pytest.MonkeyPatch, tree: SensorTree
) -> None:
    install(monkeypatch, {0: 61})
    tree.zone(0, "x86_pkg_temp", "55000")
    readings = Sensors(["x86_pkg_temp"], sys=tree.root).read()
    assert [reading.sensor for reading in readings] == ["x86_pkg_temp"]
