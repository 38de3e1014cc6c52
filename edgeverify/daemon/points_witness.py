"""Hold a door's threshold against operating points that became looser than it has used.

They lie beside the model, where whoever may install a model may edit them, and their hash is not
signed unless an owner's key is. So the door remembers the threshold that it used for a rate,
authenticated by its master key, and holds it against a looser one until the config accepts that.
"""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass, replace

from edgeverify.bundle.operating_points import OperatingPoints, hash_of_sets
from edgeverify.daemon.faults import FaultBoard
from edgeverify.domain import FaultName, OperatingPoint
from edgeverify.errors import JournalUnavailableError
from edgeverify.journal import Journal

FACT = "threshold"
DIGITS = 12
"""Hexadecimal, of the points' SHA-256: what a person writes to accept them."""
TOLERANCE = 1e-9


@dataclass(frozen=True, slots=True)
class PointsWitness:
    """Remembers in the journal; where that cannot be read or written, nothing is held."""

    journal: Journal
    secret: bytes
    faults: FaultBoard

    def hold_both(
        self,
        chosen: tuple[OperatingPoint, OperatingPoint | None],
        points: OperatingPoints | None,
        *,
        accepted: str,
    ) -> tuple[OperatingPoint, OperatingPoint | None]:
        """Hold the thresholds for a card and for whoever walks up; name it where one is held."""
        point, said = self.hold(chosen[0], points, accepted=accepted)
        walk_up = chosen[1]
        if walk_up is not None:
            walk_up, also = self.hold(walk_up, points, accepted=accepted)
            said = said or also
        self.faults.state(FaultName.THRESHOLD_HELD, said, present=bool(said))
        return point, walk_up

    def hold(
        self, point: OperatingPoint, points: OperatingPoints | None, *, accepted: str
    ) -> tuple[OperatingPoint, str]:
        """Return the point, or a stricter one, and in words why; empty where it is as it was.

        `accepted` is the config's `decision.accept_points`. A threshold written by hand is the
        config's own, and is not looked at.
        """
        if points is None or point.max_fmr is None:
            return point, ""
        name = hash_of_sets((points,))[:DIGITS]
        fact = f"{FACT} {points.embedding_space[:DIGITS]} {point.max_fmr:.6g}"
        try:
            kept = self._open(fact, self.journal.fact(fact))
            if kept is None or point.threshold >= kept - TOLERANCE or accepted == name:
                if kept != point.threshold:
                    self.journal.keep_fact(fact, self._seal(fact, point.threshold))
                return point, ""
        except JournalUnavailableError:
            return point, ""
        said = (
            f"the model's operating points now ask for {point.threshold:.4f} where this door has "
            f"used {kept:.4f}, which is held; if you measured again, write "
            f"decision.accept_points: {name}"
        )
        return _at_least(point, kept), said

    def _seal(self, fact: str, threshold: float) -> str:
        said = f"edgeverify.threshold.v1\n{fact}\n{threshold!r}".encode()
        return f"{threshold!r} {hmac.new(self.secret, said, hashlib.sha256).hexdigest()}"

    def _open(self, fact: str, sealed: str | None) -> float | None:
        try:
            threshold = float((sealed or "").partition(" ")[0])
        except ValueError:
            return None
        is_ours = hmac.compare_digest(sealed or "", self._seal(fact, threshold))
        return threshold if is_ours else None


def _at_least(point: OperatingPoint, threshold: float) -> OperatingPoint:
    for_camera = point.for_camera
    return replace(
        point,
        threshold=threshold,
        for_photos=tuple((photos, max(one, threshold)) for photos, one in point.for_photos),
        for_camera=None if for_camera is None else max(for_camera, threshold),
        evidence=f"held from before; now measured: {point.evidence}",
    )
