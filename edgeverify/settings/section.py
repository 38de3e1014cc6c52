"""What every section of the YAML shares: frozen, no unknown keys, no silent conversions."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class Section(BaseModel):
    """One mapping of the YAML. Unknown keys, and text where a number belongs, are errors."""

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        strict=True,
        allow_inf_nan=False,
        use_attribute_docstrings=True,
    )


def require_below(section: Section, low: str, high: str, otherwise: str) -> None:
    """Raise ValueError where one limit is not below another: then nothing lies between them."""
    least, most = getattr(section, low), getattr(section, high)
    if least >= most:
        raise ValueError(f"{low} ({least:g}) is not below {high} ({most:g}): {otherwise}")
