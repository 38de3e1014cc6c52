"""What a face detector and a mesher offer; `edgeverify.vision.opening` makes those in use."""

from __future__ import annotations

from typing import Protocol

from edgeverify.domain import Face, FaceBox, RgbImage


class FaceDetector(Protocol):
    """Finds all faces of a picture; every call is independent of the calls before.

    Used by one thread at a time, and closed by the one that opened it.
    """

    def detect(self, rgb: RgbImage, *, twice: bool = True) -> tuple[FaceBox, ...]:
        """Return all faces, the most confident first; `rgb` is uint8 (h, w, 3).

        `twice` False leaves the second look out, for frames that do not count.
        RuntimeUnavailableError where the network fails.
        """

    def look_nearer(
        self, rgb: RgbImage, found: tuple[FaceBox, ...], *, smallest: float
    ) -> tuple[FaceBox, ...]:
        """Return the faces `found` in `rgb`, and one nearer than all of them that was missed.

        It is only looked for where it may be there: where the nearest that was found is doubtful,
        or has its eyes less than `smallest` pixels apart. Errors as `detect`.
        """

    def close(self) -> None:
        """Release everything; a second call does nothing."""


class FaceMesher(Protocol):
    """Puts 468 points on one face of a picture; every call is independent of the calls before.

    Used by one thread at a time, and closed by the one that opened it.
    """

    def mesh(self, rgb: RgbImage, box: FaceBox) -> Face | None:
        """Return the face in `box`; None where no mesh fits it or it fits another face.

        RuntimeUnavailableError where the network fails.
        """

    def follow(self, rgb: RgbImage, previous: Face) -> Face | None:
        """Return the same face in the next frame, without detection; None where it was lost.

        Only for frames that do not count: a swap of persons would go unseen.
        """

    def close(self) -> None:
        """Release everything; a second call does nothing."""
