"""Hold a door's thresholds against operating points that are looser than it was set up with.

They lie beside the model, where whoever may install a model may edit them, and their hash is not
signed unless an owner's key is. So a door keeps all that was measured for its network as it found
it when it was set up, authenticated by its master key; for a network that this release measured
itself, what the release says counts from the first start on.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TypeAlias

from pydantic import ValidationError

from edgeverify.bundle.canonical_json import canonical_json
from edgeverify.bundle.operating_points import OperatingPoints, hash_of_sets
from edgeverify.daemon.faults import FaultBoard
from edgeverify.daemon.sealed_facts import SealedFacts
from edgeverify.domain import FaultName, OperatingPoint
from edgeverify.errors import ConfigError, JournalUnavailableError

PURPOSE = "edgeverify.threshold.v1"
DIGITS = 12
"""Hexadecimal, of the points' SHA-256: what a person writes to accept them."""
TOLERANCE = 1e-9

Pair: TypeAlias = tuple[OperatingPoint, OperatingPoint | None]
"""The thresholds for a claim that names a card, and for one that names nobody."""
Choice: TypeAlias = Callable[[OperatingPoints | None], Pair]


@dataclass(frozen=True, slots=True)
class PointsWitness:
    """Remembers in the journal; where that cannot be read or written, nothing is held.

    `shipped` finds what this release measured in an embedding space, or None.
    """

    facts: SealedFacts
    faults: FaultBoard
    shipped: Callable[[str], OperatingPoints | None]

    def hold_both(self, choose: Choice, points: OperatingPoints | None, *, accepted: str) -> Pair:
        """Return what `choose` takes of the bundle's points, or stricter; name it where it is.

        `accepted` is the config's `decision.accept_points`. A threshold written by hand is the
        config's own, and is not looked at. Raises ConfigError as `choose` does, and where only
        the changed points carry the config's rate.
        """
        chosen, said = choose(points), ""
        if points is not None and chosen[0].max_fmr is not None:
            digits = hash_of_sets((points,))[:DIGITS]
            try:
                before = self._set_up_with(points, is_accepted=accepted == digits)
            except JournalUnavailableError:
                before = None
            if before is not None:
                chosen, said = _stricter_of(chosen, _chosen(choose, before, digits), digits)
        self.faults.state(FaultName.THRESHOLD_HELD, said, present=bool(said))
        return chosen

    def hold_pad(self, threshold: float, space: str) -> float:
        """Return the P(live) that counts: never below what the door was set up with.

        `space` names the liveness networks; empty where the config states the threshold by hand.
        """
        if not space:
            return threshold
        fact, shipped = f"pad threshold {space[:DIGITS]}", self.shipped(space)
        least = shipped.points[0].threshold if shipped and shipped.points else threshold
        try:
            least = float(self.facts.read(fact) or least)
            self.facts.keep(fact, repr(least))
        except JournalUnavailableError:
            return threshold
        if threshold >= least - TOLERANCE:
            return threshold
        self.faults.raise_fault(
            FaultName.THRESHOLD_HELD,
            f"the liveness networks' operating point now asks for P(live) {threshold:.4f} where "
            f"this door was set up with {least:.4f}, which is held; if you measured again, write "
            "pad.threshold by hand",
        )
        return least

    def _set_up_with(self, points: OperatingPoints, *, is_accepted: bool) -> OperatingPoints | None:
        """Return the points that the door was set up with; None where these are they."""
        shipped = self.shipped(points.embedding_space)
        fact = f"points {points.embedding_space[:DIGITS]}"
        kept = None if is_accepted or points == shipped else self._points(fact)
        known = points if is_accepted or points == shipped else kept or shipped or points
        self.facts.keep(fact, canonical_json(known.model_dump(mode="json")).decode())
        return None if known == points else known

    def _points(self, fact: str) -> OperatingPoints | None:
        try:
            return OperatingPoints.model_validate_json(self.facts.read(fact) or "")
        except ValidationError:
            return None


def _chosen(choose: Choice, before: OperatingPoints, digits: str) -> Pair:
    try:
        return choose(before)
    except ConfigError as error:
        raise ConfigError(
            "the model's operating points are not those that this door was set up with, and among "
            f"those: {error.problem}",
            advice=f'If you measured again, write decision.accept_points: "{digits}".',
        ) from None


def _stricter_of(chosen: Pair, before: Pair, digits: str) -> tuple[Pair, str]:
    """Return of both pairs the stricter, and in words why; empty where nothing is held."""
    walk_up = chosen[1]
    if walk_up is not None and before[1] is not None:
        walk_up = _stricter(walk_up, before[1])
    held = (_stricter(chosen[0], before[0]), walk_up)
    if held == chosen:
        return chosen, ""
    said = (
        f"the model's operating points now ask for {chosen[0].threshold:.4f} where this door was "
        f"set up with {before[0].threshold:.4f}, which is held; if you measured again, write "
        f'decision.accept_points: "{digits}"'
    )
    return held, said


def _stricter(chosen: OperatingPoint, before: OperatingPoint) -> OperatingPoint:
    """Return `chosen` with no threshold below that of `before`; itself where none is."""
    counts = sorted({photos for photos, _ in (*chosen.for_photos, *before.for_photos)})
    for_photos = tuple(
        (photos, max(chosen.threshold_for(photos), before.threshold_for(photos)))
        for photos in counts
    )
    held = replace(
        chosen,
        threshold=max(chosen.threshold, before.threshold),
        for_photos=for_photos,
        for_camera=_higher(chosen.for_camera, before.for_camera),
        for_small=_higher(chosen.for_small, before.for_small),
    )
    if _thresholds(held, counts) == _thresholds(chosen, counts):
        return chosen
    return replace(held, evidence=f"held from before; now measured: {chosen.evidence}")


def _thresholds(point: OperatingPoint, counts: list[int]) -> tuple[float | None, ...]:
    of_photos = tuple(round(point.threshold_for(photos), 9) for photos in counts)
    return (round(point.threshold, 9), *of_photos, point.for_camera, point.for_small)


def _higher(one: float | None, other: float | None) -> float | None:
    known = [each for each in (one, other) if each is not None]
    return max(known, default=None)
