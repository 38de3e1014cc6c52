"""Heat: real sensors in, a level out that slows looking and never relaxes deciding.

`sensors` reads the kernel's files, `nvml` a discrete GPU, `governor` turns readings and a time
into a level, and `plan` says what a level changes.
"""

from edgeverify.thermal.bands import Reading, Trips
from edgeverify.thermal.governor import Governor, HeatState, IdlePlan, Level, idle_plan, moved
from edgeverify.thermal.sensors import Sensors

__all__ = [
    "Governor",
    "HeatState",
    "IdlePlan",
    "Level",
    "Reading",
    "Sensors",
    "Trips",
    "idle_plan",
    "moved",
]
