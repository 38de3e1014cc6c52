"""What the owner states about a network: how its training faces were cut and fed.

The table knows it for published networks; options fill in or override. Nothing is guessed from a
graph's shapes, and `parity --pairs` looks for a statement that fits the weights better.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from edgeverify.errors import ConfigError
from edgeverify.feeding.statement import Channels, Feeding, Mirror
from edgeverify.feeding.template_kinds import Template
from edgeverify.feeding.templates import TEMPLATES, template_named
from edgeverify_export.networks.architecture import NAMED_STATISTICS, Statistics
from edgeverify_export.template_file import template_of

if TYPE_CHECKING:
    from edgeverify_export.networks.architecture import Architecture


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """What was written on the command line; None: not stated.

    `mean` and `std` are three numbers with commas (one for grey), in channel order, in units of the
    scaled pixel.
    """

    size: int | None = None
    statistics: str | None = None
    channels: Channels | None = None
    scale: float | None = None
    mean: str | None = None
    std: str | None = None
    resize: Literal["area", "linear"] = "area"
    template: str | None = None
    metric: Literal["cosine", "euclidean"] | None = None
    mirror: Mirror | None = None
    normalise: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Resolved:
    """The whole statement, nothing left open."""

    feeding: Feeding
    template: str
    alignment: Template | None
    metric: Literal["cosine", "euclidean"]
    mirror: Mirror
    normalise: bool


def alignment_of(resolved: Resolved) -> Template:
    """Return the template that was stated, whoever knows it."""
    return resolved.alignment or template_named(resolved.template)


def resolve(statement: Statement, architecture: Architecture | None) -> Resolved:
    """Fill in what the table knows; ConfigError names what only the owner can say."""
    template = statement.template or (architecture.template if architecture else None)
    if template is None:
        raise ConfigError(
            "how the training faces were aligned must be stated: --template NAME or FILE",
            advice=f"Names: {', '.join(TEMPLATES)}. Take the one whose chips look like the "
            "training images (`edgeverify average-face` draws them), or state your own in a file: "
            "docs/export.md shows one of each rule.",
        )
    template, alignment = template_of(template)
    size = statement.size or (architecture.size if architecture else None)
    metric = statement.metric or (architecture.metric if architecture else None)
    missing = [o for o, v in (("--size", size), ("--metric", metric)) if v is None]
    if size is None or metric is None:
        raise ConfigError(f"for a network of your own, state {' and '.join(missing)}")
    normalise = _first(statement.normalise, architecture.normalise if architecture else None)
    return Resolved(
        feeding=_feeding(statement, architecture, size),
        template=template,
        alignment=alignment,
        metric=metric,
        mirror=statement.mirror or (architecture.mirror if architecture else "both"),
        normalise=normalise or metric == "cosine",
    )


def _first(stated: bool | None, known: bool | None) -> bool:  # noqa: FBT001 - two tri-states
    if stated is not None:
        return stated
    return True if known is None else known


def _feeding(statement: Statement, architecture: Architecture | None, size: int) -> Feeding:
    base = statistics_of(statement, architecture)
    channels = statement.channels or base.channels
    numbers: dict[str, tuple[float, ...]] = {}
    for name in ("mean", "std"):
        text = getattr(statement, name)
        if text is not None:
            numbers[name] = _numbers(f"--{name}", text, grey=channels == "grey")
        else:
            numbers[name] = (
                _grey(getattr(base, name)) if channels == "grey" else getattr(base, name)
            )
    try:
        return Feeding(
            size=size,
            channels=channels,
            scale=statement.scale or base.scale,
            mean=numbers["mean"],
            std=numbers["std"],
            resize=statement.resize,
        )
    except ValueError as error:
        reason = str(error).splitlines()[2].strip() if "\n" in str(error) else str(error)
        raise ConfigError(f"the feeding is out of range: {reason}") from None


def statistics_of(statement: Statement, architecture: Architecture | None = None) -> Statistics:
    """Choose how pixels become numbers; ConfigError where nobody said."""
    if statement.statistics is not None:
        if statement.statistics not in NAMED_STATISTICS:
            raise ConfigError(
                f"unknown statistics {statement.statistics!r}",
                advice=f"One of {', '.join(NAMED_STATISTICS)}, or --scale, --mean and --std.",
            )
        return NAMED_STATISTICS[statement.statistics]
    if architecture is not None:
        return architecture.statistics
    if statement.mean is None or statement.std is None or statement.scale is None:
        raise ConfigError(
            "for a network of your own, state how pixels become numbers: --statistics NAME, "
            "or --scale, --mean and --std",
            advice=f"NAME is one of {', '.join(NAMED_STATISTICS)}.",
        )
    return Statistics(channels="rgb", scale=statement.scale, mean=(0, 0, 0), std=(1, 1, 1))


def _numbers(option: str, text: str, *, grey: bool) -> tuple[float, ...]:
    wanted = "one number for grey" if grey else "three numbers with commas"
    try:
        found = tuple(float(part) for part in text.split(","))
    except ValueError:
        found = ()
    if len(found) != (1 if grey else 3):
        raise ConfigError(f"{option} takes {wanted}, not {text!r}")
    return found


def _grey(values: tuple[float, ...]) -> tuple[float, ...]:
    if len(set(values)) != 1:
        raise ConfigError(
            "these statistics are of three colours, and the network takes one grey channel",
            advice="State --statistics unit, signed-unit or raw, or --scale, --mean and --std with "
            "one number each.",
        )
    return values[:1]
