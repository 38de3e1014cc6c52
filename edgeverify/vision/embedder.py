"""From a face to an embedding that knows which model made it: by one network, or by several."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, TypeAlias

import numpy as np

from edgeverify.bundle.fusion import EmbedderBundle, FusionBundle, concatenated
from edgeverify.bundle.loading import Bundle
from edgeverify.bundle.manifest import Manifest
from edgeverify.comparison import Metric
from edgeverify.domain import AlignedFace, Embedding, Face, RgbImage, Vector
from edgeverify.feeding.alignment import align_mesh, whole_chip
from edgeverify.feeding.preprocessing import as_seen
from edgeverify.feeding.statement import Side
from edgeverify.runtime.embed import embed_both_sides, embed_chip, embed_chips, embed_raw
from edgeverify.runtime.session import Session

Chips: TypeAlias = tuple[AlignedFace, ...]
"""What each network of an embedder sees of one face, in their order."""


class Embedder(Protocol):
    """Whatever makes embeddings, on sessions that it borrows; used by one thread at a time."""

    name: str
    metric: Metric
    embedding_space: str
    embedding_size: int

    def align(self, rgb: RgbImage, face: Face) -> Chips:
        """Cut the chips that the networks were trained on; ValueError on points in one place."""

    def take_chips(self, rgb: RgbImage) -> Chips:
        """Take a picture that was cut before as the chip of every network."""

    def as_seen(self, chips: Chips) -> Chips:
        """Return the chips as people may look at them: grey where a network takes grey."""

    def embed(self, chips: Chips, side: Side) -> Embedding:
        """Embed a face as a probe or as a reference, as the manifest says for that side.

        RuntimeUnavailableError where a network answers with NaN or in another shape.
        """

    def embed_both_sides(self, chips: Chips) -> tuple[Embedding, Embedding]:
        """Embed a face as a probe and as a reference."""

    def embed_many(self, faces: Sequence[Chips], side: Side) -> tuple[Embedding, ...]:
        """Embed several faces in one run, each as `embed` does; for looking at many at leisure."""


def embedder_of(bundle: EmbedderBundle, sessions: Sequence[Session]) -> Embedder:
    """Make the embedder of a bundle, one session per network, in the bundle's order."""
    if isinstance(bundle, FusionBundle):
        return FusedEmbedder(bundle, sessions)
    (session,) = sessions
    return NetworkEmbedder(bundle, session)


class NetworkEmbedder:
    """One network: a bundle and the session that runs it."""

    def __init__(self, bundle: Bundle, session: Session) -> None:
        self.manifest = bundle.manifest
        self.name = bundle.manifest.name
        self.metric: Metric = bundle.manifest.metric
        self.embedding_space = bundle.manifest.space_of(session.precision)
        self.embedding_size = bundle.manifest.embedding_size
        self._session = session

    def align(self, rgb: RgbImage, face: Face) -> Chips:
        """Cut the chip that this model was trained on, as `Embedder` says."""
        return (align_for(self.manifest, rgb, face),)

    def take_chips(self, rgb: RgbImage) -> Chips:
        """Take the picture as this model's chip, as `Embedder` says."""
        return (take_chip(self.manifest, rgb),)

    def as_seen(self, chips: Chips) -> Chips:
        """Return the chip as people may look at it, as `Embedder` says."""
        shown = as_seen(self._chip(chips), self.manifest.feeding)
        return (AlignedFace(rgb=shown, template=self.manifest.template),)

    def embed(self, chips: Chips, side: Side) -> Embedding:
        """Embed the chip, as `Embedder` says."""
        return self._made(embed_chip(self._session, self.manifest, self._chip(chips), side))

    def embed_both_sides(self, chips: Chips) -> tuple[Embedding, Embedding]:
        """Embed the chip as either side, in one run of the network."""
        probe, reference = embed_both_sides(self._session, self.manifest, self._chip(chips))
        return self._made(probe), self._made(reference)

    def embed_many(self, faces: Sequence[Chips], side: Side) -> tuple[Embedding, ...]:
        """Embed several, as `Embedder` says."""
        chips = [self._chip(each) for each in faces]
        values = embed_chips(self._session, self.manifest, chips, side)
        return tuple(self._made(row) for row in values)

    def embed_raw(self, chips: Chips) -> Vector:
        """Return the network's own output, one chip, not normalised; for known answers."""
        return embed_raw(self._session, self.manifest, self._chip(chips))

    def _made(self, values: Vector) -> Embedding:
        return Embedding(values=values, embedding_space=self.embedding_space)

    def _chip(self, chips: Chips) -> RgbImage:
        (aligned,) = chips
        if aligned.template != self.manifest.template:
            raise ValueError(
                f"a chip aligned to {aligned.template} was given to a model that wants "
                f"{self.manifest.template}"
            )
        return aligned.rgb


class FusedEmbedder:
    """Several networks, each with its own chip, whose embeddings are put side by side."""

    def __init__(self, bundle: FusionBundle, sessions: Sequence[Session]) -> None:
        pairs = list(zip(bundle.parts, sessions, strict=True))
        self.name = bundle.name
        self.metric: Metric = "cosine"
        self.embedding_space = bundle.space_of([session.precision for session in sessions])
        self.weights = bundle.weights
        self.parts = tuple(NetworkEmbedder(part, session) for part, session in pairs)
        self.embedding_size = sum(part.embedding_size for part in self.parts)

    def align(self, rgb: RgbImage, face: Face) -> Chips:
        """Cut each network's chip; networks that are fed alike share one."""
        cut: dict[tuple[str, int, str], AlignedFace] = {}
        chips = []
        for part in self.parts:
            manifest = part.manifest
            way = (manifest.template, manifest.feeding.size, manifest.feeding.resize)
            if way not in cut:
                (cut[way],) = part.align(rgb, face)
            chips.append(cut[way])
        return tuple(chips)

    def take_chips(self, rgb: RgbImage) -> Chips:
        """Take the picture as each network's chip."""
        return tuple(chip for part in self.parts for chip in part.take_chips(rgb))

    def as_seen(self, chips: Chips) -> Chips:
        """Return each network's chip as people may look at it."""
        pairs = zip(self.parts, chips, strict=True)
        return tuple(shown for part, chip in pairs for shown in part.as_seen((chip,)))

    def embed(self, chips: Chips, side: Side) -> Embedding:
        """Embed each network's chip and put the answers side by side."""
        return self._side_by_side(
            [part.embed((chip,), side) for part, chip in zip(self.parts, chips, strict=True)]
        )

    def embed_both_sides(self, chips: Chips) -> tuple[Embedding, Embedding]:
        """Embed as either side, in one run of each network."""
        both = [
            part.embed_both_sides((chip,)) for part, chip in zip(self.parts, chips, strict=True)
        ]
        return (
            self._side_by_side([probe for probe, _ in both]),
            self._side_by_side([reference for _, reference in both]),
        )

    def embed_many(self, faces: Sequence[Chips], side: Side) -> tuple[Embedding, ...]:
        """Embed several faces, one run per network."""
        answers = [
            part.embed_many([(chips[index],) for chips in faces], side)
            for index, part in enumerate(self.parts)
        ]
        return tuple(self._side_by_side(one) for one in zip(*answers, strict=True))

    def _side_by_side(self, answers: Sequence[Embedding]) -> Embedding:
        rows = [np.asarray(each.values[np.newaxis]) for each in answers]
        return Embedding(
            values=concatenated(rows, self.weights)[0], embedding_space=self.embedding_space
        )


def align_for(manifest: Manifest, rgb: RgbImage, face: Face) -> AlignedFace:
    """Cut the chip of `face` as the model's manifest states: template, size and resize."""
    feeding = manifest.feeding
    return align_mesh(rgb, face.mesh, manifest.aligns_by, feeding.size, feeding.resize)


def take_chip(manifest: Manifest, rgb: RgbImage) -> AlignedFace:
    """Take a picture that was cut before, by whoever trained the model, as the model's chip.

    It is only brought to the network's side, as `whole_chip` does.
    """
    feeding = manifest.feeding
    return AlignedFace(
        rgb=whole_chip(rgb, feeding.size, feeding.resize), template=manifest.template
    )
