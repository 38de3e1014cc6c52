"""From an aligned face to an embedding that knows which model made it."""

from __future__ import annotations

from collections.abc import Sequence

from edgeverify.bundle.loading import Bundle
from edgeverify.domain import AlignedFace, Embedding, Face, RgbImage, Vector
from edgeverify.runtime.embed import embed_chip, embed_chips, embed_raw
from edgeverify.runtime.session import Session
from edgeverify.vision.alignment import align_for


class Embedder:
    """A bundle and the session that runs it, which it borrows; used by one thread at a time."""

    def __init__(self, bundle: Bundle, session: Session) -> None:
        self.manifest = bundle.manifest
        self.embedding_space = bundle.manifest.space_of(session.precision)
        self._session = session

    def align(self, rgb: RgbImage, face: Face) -> AlignedFace:
        """Cut the chip that this model was trained on; ValueError on points that fall together."""
        return align_for(self.manifest, rgb, face)

    def embed(self, aligned: AlignedFace) -> Embedding:
        """Face and mirror image in one batch, summed and normalised, as the manifest says.

        RuntimeUnavailableError where the network answers with NaN or in another shape.
        """
        self._require_template(aligned)
        values = embed_chip(self._session, self.manifest, aligned.rgb)
        return Embedding(values=values, embedding_space=self.embedding_space)

    def embed_many(self, chips: Sequence[AlignedFace]) -> tuple[Embedding, ...]:
        """Embed several chips in one run, each as `embed` does; for looking at many at leisure."""
        for aligned in chips:
            self._require_template(aligned)
        values = embed_chips(self._session, self.manifest, [aligned.rgb for aligned in chips])
        return tuple(Embedding(values=row, embedding_space=self.embedding_space) for row in values)

    def embed_raw(self, aligned: AlignedFace) -> Vector:
        """Answer with the network's own output, one chip, not normalised; for known answers."""
        self._require_template(aligned)
        return embed_raw(self._session, self.manifest, aligned.rgb)

    def _require_template(self, aligned: AlignedFace) -> None:
        if aligned.template != self.manifest.template:
            raise ValueError(
                f"a chip aligned to {aligned.template} was given to a model that wants "
                f"{self.manifest.template}"
            )
