"""The temperature of a discrete NVIDIA GPU, where NVML's bindings (`pynvml`) are installed.

Jetson has no NVML for it: its GPU is a thermal zone. Never run on hardware by this project.
"""

from __future__ import annotations

import importlib
from functools import lru_cache
from typing import Any


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
