"""Something that does not work as it should."""

from __future__ import annotations

from dataclasses import dataclass, field

from edgeverify.domain.fault_name import FaultName


@dataclass(frozen=True, slots=True, kw_only=True)
class Degradation:
    """Something that does not work as it should, in a word for machines and a line for people."""

    name: FaultName
    detail: str = field(compare=False, default="")
