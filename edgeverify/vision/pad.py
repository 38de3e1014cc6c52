"""Presentation attack detection on one frame: what networks of a PAD bundle make of a face."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from edgeverify.bundle.loading import PadBundle
from edgeverify.bundle.manifest import PadNetwork
from edgeverify.domain import FaceBox, HeadPose, RgbImage
from edgeverify.errors import RuntimeUnavailableError
from edgeverify.feeding.pad_crop import crop_around_box
from edgeverify.feeding.preprocessing import feed
from edgeverify.liveness.passive import looks_ahead
from edgeverify.runtime.onnxruntime.second_core import SecondCore
from edgeverify.runtime.session import Session
from edgeverify.settings import PadSettings


class PadModel:
    """The networks of one bundle, each with its own crop; used by one thread at a time."""

    def __init__(
        self,
        bundle: PadBundle,
        sessions: Sequence[Session],
        settings: PadSettings,
        *,
        side_by_side: bool = False,
    ) -> None:
        """`sessions` run the manifest's networks, in its order; ValueError on another number.

        `side_by_side` runs the first on a thread of its own, beside the others: these networks are
        too small for ONNX Runtime to share one out to two cores. At best 4.1 instead of 6.7 ms.
        """
        if len(sessions) != len(bundle.manifest.networks):
            raise ValueError("a PAD bundle needs one session per network")
        self.manifest = bundle.manifest
        self._sessions = tuple(sessions)
        self._settings = settings
        self._helper = SecondCore("first-network") if side_by_side else None

    def live_probability(self, rgb: RgbImage, box: FaceBox, pose: HeadPose) -> float | None:
        """P(live), 0 to 1: the mean over the networks' softmax outputs.

        None where the face is smaller or larger than `pad.min_face_pixels` to
        `pad.max_face_pixels`, or turned further than `pad.max_yaw_degrees` and its two sisters: it
        is not judged, and what is not judged never passes.
        RuntimeUnavailableError where a network answers with something that is not a number.
        """
        return self.at_any_pose(rgb, box) if looks_ahead(pose, self._settings) else None

    def at_any_pose(self, rgb: RgbImage, box: FaceBox) -> float | None:
        """P(live) as `live_probability`, however the head is turned: for measuring only."""
        settings = self._settings
        if not settings.min_face_pixels <= box.width <= settings.max_face_pixels:
            return None
        return float(np.mean(self.each_network(rgb, box)))

    def each_network(self, rgb: RgbImage, box: FaceBox) -> tuple[float, ...]:
        """P(live) of every network by itself, in the manifest's order, whatever the size."""
        first, *others = zip(self.manifest.networks, self._sessions, strict=True)
        if self._helper is None:
            return tuple(self._one(rgb, box, *each) for each in (first, *others))
        answers, beside = self._helper.together(
            lambda: tuple(self._one(rgb, box, *each) for each in others),
            lambda: (self._one(rgb, box, *first),),
        )
        return (*beside, *answers)

    def close(self) -> None:
        """Release the sessions."""
        if self._helper is not None:
            self._helper.close()
        for session in self._sessions:
            session.close()

    def _one(self, rgb: RgbImage, box: FaceBox, network: PadNetwork, session: Session) -> float:
        crop = crop_around_box(
            rgb,
            left=box.left,
            top=box.top,
            width=box.width,
            height=box.height,
            crop_scale=network.crop_scale,
            size=self.manifest.feeding.size,
        )
        return self._live(session.run(feed(crop, self.manifest.feeding)))

    def _live(self, raw: NDArray[np.float32]) -> float:
        if raw.shape != (1, self.manifest.classes) or not np.isfinite(raw).all():
            raise RuntimeUnavailableError(
                f"the PAD bundle {self.manifest.name} answered with something that is not a score",
                advice="Fetch it again with `edgeverify models fetch`.",
            )
        return float(softmax(raw[0])[self.manifest.live_index])


def softmax(raw: NDArray[np.float32]) -> NDArray[np.float64]:
    """Turn raw class scores, (n,), into probabilities that add up to 1."""
    shifted = raw.astype(np.float64) - float(np.max(raw))
    powers = np.exp(shifted)
    return np.asarray(powers / powers.sum())
