"""One line of the doctor: a part, whether it is well, what was seen, and what to do about it."""

from __future__ import annotations

from dataclasses import dataclass

from edgeverify.domain import Degradation, FaultName


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """`fault` is the name that the door is degraded by, where it has one."""

    part: str
    is_well: bool
    seen: str
    advice: str = ""
    fault: str = ""


def fault_found(part: str, fault: FaultName, seen: str, advice: str = "") -> Finding:
    """Name a fault, with the advice that always goes with it unless there is a better one."""
    return Finding(
        part=part,
        is_well=False,
        seen=f"{fault}: {seen}" if seen else fault.value,
        advice=advice or fault.advice,
        fault=fault.value,
    )


def of_degradation(part: str, one: Degradation) -> Finding:
    """Turn what a part says of itself into a finding."""
    return fault_found(part, one.name, one.detail)
