"""Is the network fed as it was trained? Try the other plausible ways and see which separates best.

A wrong statement about colour order, range or alignment gives consistent answers everywhere, so
golden vectors and FP16 parity cannot find it; real people can.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from edgeverify.bundle.manifest import Manifest
from edgeverify.feeding.statement import Feeding
from edgeverify.feeding.template_kinds import BoxTemplate, Template
from edgeverify.feeding.templates import TEMPLATES, dlib_chip
from edgeverify.progress import counted
from edgeverify.runtime.session import Session
from edgeverify_export.networks.architecture import NAMED_STATISTICS
from edgeverify_export.parity.trial import Trial, embed_all, scores

MIN_PAIRS = 20
"""Mated and non-mated each; below, a difference says nothing."""

_MAX_PAIRS = 300
_CLEARLY = 0.05
_DRAWS = 400
_CONFIDENCE = 0.99
_ASPECTS: tuple[Literal["keep", "stretch"], ...] = ("keep", "stretch")


PLAUSIBLE: tuple[Template, ...] = (
    *TEMPLATES.values(),
    *(dlib_chip(f"dlib chip, padding {padding:g}", 224, padding) for padding in (0.0, 0.4)),
    *(
        BoxTemplate(
            name=f"box, margin {margin:g}, {aspect}", size=224, margins=(margin,) * 4, aspect=aspect
        )
        for margin in (0.0, 0.15, 0.3)
        for aspect in _ASPECTS
    ),
)
"""The ways in which people's training faces were cut, as far as they are known."""


@dataclass(frozen=True, slots=True)
class Alternative:
    """One way of feeding: what differs from the statement, and how well it separates.

    `separation` is d': the distance of the means of mated and non-mated scores in units of their
    spread. `better_share` is the share of bootstrap draws in which it beats the statement.
    """

    words: str
    separation: float
    better_share: float

    def is_clearly_better(self, stated: float) -> bool:
        """Return whether chance is no explanation and the difference matters."""
        return self.better_share >= _CONFIDENCE and self.separation > stated * (1 + _CLEARLY)


@dataclass(frozen=True, slots=True)
class FeedingCheck:
    """The stated feeding's separation, and all alternatives, the best first."""

    stated: float
    alternatives: tuple[Alternative, ...]
    pairs: int

    @property
    def better(self) -> tuple[Alternative, ...]:
        """Return those that separate clearly better than what was stated."""
        return tuple(a for a in self.alternatives if a.is_clearly_better(self.stated))

    @property
    def failures(self) -> list[str]:
        """Return what parity fails on, with the best alternative; empty where nothing is better."""
        return [
            f"the stated feeding is doubtful: {one.words} separates people clearly better "
            f"(d' {one.separation:.2f} against {self.stated:.2f})"
            for one in self.better[:1]
        ]


def check_feeding(
    session: Session, manifest: Manifest, trial: Trial, *, show: bool = True
) -> FeedingCheck | None:
    """Score the pairs under every plausible feeding; None where there are too few pairs."""
    part = _part(trial)
    if part is None:
        return None
    # Chips that were cut before cannot be cut otherwise.
    cut_before = any(face.mesh is None for face in part.faces)
    ways = [("as stated", manifest), *_ways(manifest, PLAUSIBLE if not cut_before else ())]
    separate = []
    for _, way in counted(ways, "trying other feedings", show=show):
        chips = (face.chip(way.feeding, way.aligns_by) for face in part.faces)
        separate.append(scores(embed_all(session, way, chips), part, way))
    draws = np.random.default_rng(5)
    samples = [_resample(part.mated, draws) for _ in range(_DRAWS)]
    stated_draws = [_separation(separate[0][s], part.mated[s]) for s in samples]
    stated = _separation(separate[0], part.mated)
    alternatives = []
    for (words, _), found in zip(ways[1:], separate[1:], strict=True):
        theirs = [_separation(found[s], part.mated[s]) for s in samples]
        better = float(np.mean([a > b for a, b in zip(theirs, stated_draws, strict=True)]))
        alternatives.append(Alternative(words, _separation(found, part.mated), better))
    ordered = tuple(sorted(alternatives, key=lambda one: -one.separation))
    return FeedingCheck(stated, ordered, len(part.probes))


def _ways(manifest: Manifest, templates: Sequence[Template]) -> Iterator[tuple[str, Manifest]]:
    feeding = manifest.feeding
    for words, other in _feedings(feeding):
        if not _same(feeding, other):
            yield words, manifest.model_copy(update={"feeding": other})
    for template in templates:
        if not _same_chip(template, manifest.aligns_by):
            changed = {"template": template.name, "alignment": template}
            yield f"alignment {template.name}", manifest.model_copy(update=changed)


def _feedings(feeding: Feeding) -> Iterator[tuple[str, Feeding]]:
    grey = feeding.channels == "grey"
    if not grey:
        swapped: dict[str, object] = {
            "channels": "bgr" if feeding.channels == "rgb" else "rgb",
            "mean": feeding.mean[::-1],
            "std": feeding.std[::-1],
        }
        yield f"channels {swapped['channels']}", feeding.model_copy(update=swapped)
    for name, statistics in NAMED_STATISTICS.items():
        if grey and len({*statistics.mean}) > 1:
            continue
        yield (
            f"statistics {name}",
            Feeding(
                size=feeding.size,
                channels="grey" if grey else statistics.channels,
                scale=statistics.scale,
                mean=statistics.mean[: feeding.depth],
                std=statistics.std[: feeding.depth],
                resize=feeding.resize,
            ),
        )


def _same_chip(first: Template, second: Template) -> bool:
    """Return whether two templates cut the same chip, whatever they are called."""
    unnamed = {"name", "version", "size"}
    return first.model_dump(exclude=unnamed) == second.model_dump(exclude=unnamed)


def _same(first: Feeding, second: Feeding) -> bool:
    def numbers(feeding: Feeding) -> NDArray[np.float64]:
        scaled = np.array([feeding.mean, feeding.std], dtype=np.float64) / feeding.scale
        return scaled[:, ::-1] if feeding.channels == "bgr" else scaled

    return first.channels == second.channels and bool(
        np.allclose(numbers(first), numbers(second), rtol=1e-3, atol=1e-3)
    )


def _part(trial: Trial) -> Trial | None:
    """Take an even part of the pairs, mated and not, with only the faces that they need."""
    chosen: list[int] = []
    for kind in (True, False):
        positions = np.flatnonzero(trial.mated == kind)
        if len(positions) < MIN_PAIRS:
            return None
        step = max(1, len(positions) // _MAX_PAIRS)
        chosen += [int(p) for p in positions[::step][:_MAX_PAIRS]]
    needed = sorted({int(i) for p in chosen for i in (trial.probes[p], trial.references[p])})
    place = {face: position for position, face in enumerate(needed)}
    return Trial(
        faces=tuple(trial.faces[i] for i in needed),
        probes=np.array([place[int(trial.probes[p])] for p in chosen], dtype=np.intp),
        references=np.array([place[int(trial.references[p])] for p in chosen], dtype=np.intp),
        mated=trial.mated[chosen],
        images=trial.images,
        listed_pairs=trial.listed_pairs,
    )


def _resample(mated: NDArray[np.bool_], draws: np.random.Generator) -> NDArray[np.intp]:
    kinds = (np.flatnonzero(mated), np.flatnonzero(~mated))
    return np.concatenate([draws.choice(kind, len(kind)) for kind in kinds])


def _separation(found: NDArray[np.float64], mated: NDArray[np.bool_]) -> float:
    if not np.isfinite(found).all():
        return 0.0
    same, other = found[mated], found[~mated]
    spread = float(np.sqrt((same.var() + other.var()) / 2))
    return float(same.mean() - other.mean()) / max(spread, 1e-9)
