"""The manifest: everything the daemon must know to feed a network as it was trained.

Frozen pydantic models, unknown keys refused, JSON on disk (`manifest.json`). Nothing here is
ever guessed from a graph's shapes; the graph is only checked against it.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, StringConstraints, field_validator, model_validator
from typing_extensions import Self

from edgeverify.bundle.canonical_json import canonical_json, sha256_of
from edgeverify.feeding.statement import BundleModel, Feeding, Mirror, Side
from edgeverify.feeding.template_kinds import Template
from edgeverify.feeding.templates import template_named

MOST_VALUES = 8192
"""The longest embedding that a bundle holds."""

Sha256 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
Precision = Literal["fp32", "fp16", "int8"]

MODEL_FILES: dict[Precision, str] = {
    "fp32": "model.onnx",
    "fp16": "model.fp16.onnx",
    "int8": "model.int8.onnx",
}
GOLDEN_FILE = "golden.json"
PLAIN_NAME = re.compile(r"^[A-Za-z0-9][A-Za-z0-9._\-]{0,127}$")


def _plain_names(files: dict[str, Sha256]) -> dict[str, Sha256]:
    """Require names that stay inside the folder, the golden answers among them."""
    for name in files:
        if not PLAIN_NAME.match(name) or Path(name).name != name:
            raise ValueError(f"{name!r} is not a plain file name")
    if GOLDEN_FILE not in files:
        raise ValueError(f"{GOLDEN_FILE} is missing")
    return files


class ParityFigures(BundleModel):
    """How far one precision is from FP32 on real faces (`edgeverify-export parity`)."""

    precision: Precision
    min_cosine: float
    mean_cosine: float
    max_score_difference: float
    flipped_share: float | None
    faces: int
    pairs: int


class Files(BundleModel):
    """What the manifests of both kinds of bundle share."""

    schema_version: Literal[1, 2] = 2
    name: str = Field(pattern=PLAIN_NAME.pattern)
    arch: str = Field(min_length=1, max_length=200)
    feeding: Feeding
    embedding_space: Sha256
    """Identity of the numbers that come out; references and operating points are bound to it."""
    files: dict[str, Sha256]
    """SHA-256 of every file of the bundle but the manifest, operating points and signatures."""
    licence: str
    notes: str = ""
    tool_versions: dict[str, str] = Field(default_factory=dict)

    _names_stay_inside = field_validator("files")(_plain_names)


WEAK_NETWORKS = {
    "dlib-resnet": "people before one camera, and East Asian people anywhere, are taken for each "
    "other far more often than its stated rate"
}
"""Networks that are no good at a door, by arch, and why (docs/model-card.md)."""


class Manifest(Files):
    """An embedder: one network, in up to three precisions.

    `embedding_space` holds for FP32, FP16 and TensorRT; INT8 has its own.
    `feeding_verified` is true once parity on real pairs found no better statement of the feeding.
    A manifest of version 1 (mirror yes or no) is read as what it meant then; its embedding space
    stays as it is written, so that references made with it stay valid.
    """

    kind: Literal["embedder"] = "embedder"
    source_sha256: Sha256
    """Of the file that the weights came in; for the record."""
    weights_sha256: Sha256 | None = None
    """Of the weights themselves (of a graph from elsewhere: with its operators), part of the
    embedding space; None in version 1, whose spaces are of the file."""
    template: str
    template_version: int = Field(ge=1)
    alignment: Template | None = None
    """The template itself, where its owner stated one; None: this release knows it by name."""
    mirror: Mirror
    weak: str = Field(default="", max_length=500)
    """Why a door should not use it, as the end of a sentence; empty where it may."""
    embedding_size: int = Field(ge=2, le=MOST_VALUES)
    metric: Literal["cosine", "euclidean"]
    normalise: bool
    int8_embedding_space: Sha256 | None = None
    sigmoid: tuple[float, float] | None = Field(default=None, strict=False)
    """Weight and bias of a Siamese head that was trained over the distance; for the record."""
    parity: tuple[ParityFigures, ...] = Field(default=(), strict=False)
    feeding_verified: bool = False

    @model_validator(mode="before")
    @classmethod
    def _read_version_1(cls, value: object) -> object:
        if not isinstance(value, dict) or value.get("schema_version") != 1:
            return value
        if not isinstance(value.get("mirror"), bool):
            raise ValueError("in version 1, mirror is true or false")  # noqa: TRY004 - pydantic's
        return {
            **value,
            "schema_version": 2,
            "mirror": "both" if value["mirror"] else "none",
            "weak": WEAK_NETWORKS.get(str(value.get("arch")), ""),
        }

    @model_validator(mode="after")
    def _precisions_fit(self) -> Self:
        if MODEL_FILES["fp32"] not in self.files:
            raise ValueError(f"{MODEL_FILES['fp32']} is missing")
        if (MODEL_FILES["int8"] in self.files) != (self.int8_embedding_space is not None):
            raise ValueError("an INT8 model and int8_embedding_space belong together")
        stated = self.alignment
        if stated is not None and (
            (stated.name, stated.version) != (self.template, self.template_version)
            or stated.name != stated_name(stated)
        ):
            raise ValueError("the alignment is not the one that its name is the hash of")
        if self.metric == "cosine" and not self.normalise:
            raise ValueError("a model compared by cosine is normalised")
        return self

    @property
    def aligns_by(self) -> Template:
        """The template that chips are cut by; BundleError where its name is not known."""
        return template_named(self.template) if self.alignment is None else self.alignment

    def is_mirrored(self, side: Side) -> bool:
        """Return whether a face's mirror image is added on that side."""
        return self.mirror == "both" or (self.mirror == "reference" and side == "reference")

    def space_of(self, precision: Precision) -> str:
        """Return the embedding space in which that precision answers."""
        if precision == "int8" and self.int8_embedding_space is not None:
            return self.int8_embedding_space
        return self.embedding_space


class PadNetwork(BundleModel):
    """One network of a PAD bundle and how much of the frame around the face it sees.

    `crop_scale`: sides of the crop over sides of the face box. `file` is the FP32 graph,
    `half_file` the FP16 graph of the same weights.
    """

    file: str
    half_file: str | None = None
    crop_scale: float = Field(gt=0, le=20)
    source_sha256: Sha256


class PadParityFigures(BundleModel):
    """How far one precision of a PAD bundle is from FP32 on real faces.

    `max_live_difference` is of P(live), 0 to 1, fused over the networks; `flipped_share` of
    single-frame decisions at the operating threshold, None where there is no threshold.
    """

    precision: Precision
    min_cosine: float
    max_live_difference: float
    flipped_share: float | None
    faces: int


class PadManifest(Files):
    """Presentation attack detection: networks whose softmax outputs are averaged.

    `embedding_space` is the identity of the scores, to which PAD operating points are bound.
    """

    kind: Literal["pad"] = "pad"
    networks: tuple[PadNetwork, ...] = Field(min_length=1, max_length=8, strict=False)
    classes: int = Field(ge=2, le=16)
    live_index: int = Field(ge=0)
    """Which of the classes is 'a live person'."""
    parity: tuple[PadParityFigures, ...] = Field(default=(), strict=False)

    @model_validator(mode="after")
    def _networks_are_files(self) -> Self:
        for network in self.networks:
            for file in (network.file, network.half_file):
                if file is not None and file not in self.files:
                    raise ValueError(f"{file} is not among the files")
        if len({network.half_file is None for network in self.networks}) != 1:
            raise ValueError("all networks have an FP16 graph, or none has")
        if self.live_index >= self.classes:
            raise ValueError("live_index is not one of the classes")
        return self


class VisionManifest(BundleModel):
    """What finds faces: the networks whose surroundings this release has written out itself.

    `version` counts the sets of files; a release runs exactly one of them, whose hashes it knows
    (`edgeverify.bundle.vision_bundle`), so that no signature is needed.
    """

    schema_version: Literal[1] = 1
    kind: Literal["vision"] = "vision"
    name: str = Field(pattern=PLAIN_NAME.pattern)
    version: int = Field(ge=1)
    files: dict[str, Sha256]
    """SHA-256 of every file of the bundle but the manifest."""
    source: str
    """The archive that the networks were taken from, with its SHA-256."""
    licence: str
    notes: str = ""

    _names_stay_inside = field_validator("files")(_plain_names)


_DIGITS = 12


def stated_name(template: Template) -> str:
    """Return the name that this template must bear: its own word, `@`, and its hash's beginning.

    So two owners' templates that are called alike are never taken for each other, and a changed
    one is another embedding space. Templates that the release knows bear their plain word.
    """
    word = template.name.partition("@")[0]
    content = template.model_dump(mode="json", exclude={"name"})
    return f"{word}@{sha256_of(canonical_json(content))[:_DIGITS]}"


def named(template: Template) -> Template:
    """Return the template under the name that it must bear."""
    return template.model_copy(update={"name": stated_name(template)})
