"""What a release measured of its models beside their thresholds: one source for every page."""

from __future__ import annotations

from importlib import resources

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from edgeverify.errors import BundleError

FILE = "data/figures.json"
"""In this package; written by the project's own measurement (`make figures`)."""


class _Figures(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Lost(_Figures):
    """Mated pairs that a threshold lost; `refused` of the `pairs` were not compared at all.

    The 95 % interval of the FNMR is over people.
    """

    threshold: float
    pairs: int = Field(ge=1)
    refused: int = Field(ge=0)
    lost: int = Field(ge=0)
    lower: float = Field(ge=0, le=1)
    upper: float = Field(ge=0, le=1)

    @property
    def compared(self) -> int:
        """Pairs that were compared."""
        return self.pairs - self.refused

    @property
    def fnmr(self) -> float:
        """The share that was lost of what was compared, 0 to 1."""
        return self.lost / self.compared


class OneCamera(_Figures):
    """Transactions of people before one camera, at the door's default settings.

    `pairs_confused` of `pairs` of people had one false accept at least.
    """

    false_accepts: int = Field(ge=0)
    impostor_attempts: int = Field(ge=1)
    false_rejects: int = Field(ge=0)
    mated_attempts: int = Field(ge=1)
    pairs_confused: int = Field(ge=0)
    pairs: int = Field(ge=1)


class OneCameraPictures(_Figures):
    """The same people picture by picture, at the door's threshold of references of one photo."""

    people: int = Field(ge=2)
    false_matches: int = Field(ge=0)
    non_mated: int = Field(ge=1)
    lost: int = Field(ge=0)
    mated: int = Field(ge=1)
    gated_false_matches: int = Field(ge=0)
    gated_non_mated: int = Field(ge=1)


class ModelFigures(_Figures):
    """Of one model, all at the default rate.

    `own` at the threshold that these people's own non-mated pairs set, `door` at the door's; each
    with the gates off, with covered eyes and mouths refused (`uncovered`), and with all of the
    door's gates (`gated`). `one_camera` by photos a reference.
    """

    accuracy: float = Field(ge=0, le=1)
    own: Lost
    own_uncovered: Lost
    own_gated: Lost
    door: Lost
    door_uncovered: Lost
    door_gated: Lost
    one_camera: dict[int, OneCamera]
    pictures: OneCameraPictures

    @property
    def line(self) -> str:
        """Return in one line what the default rate costs, and what happens before one camera."""
        one = self.one_camera[1]
        return (
            f"at these people's own FMR 1e-04 FNMR {100 * self.own.fnmr:.2f} %, covered faces "
            f"refused {100 * self.own_uncovered.fnmr:.2f} %; before one camera "
            f"{one.false_accepts} of {one.impostor_attempts} impostors let in, "
            f"{one.false_rejects} of {one.mated_attempts} refused wrongly"
        )


class FiguresFile(_Figures):
    """`figures.json`: every model that was measured, by name, and on which day."""

    date: str = Field(pattern=r"^\d{4}-\d{2}-\d{2}$")
    models: dict[str, ModelFigures]


def shipped_figures() -> FiguresFile:
    """Read what this release measured. BundleError where the file was altered."""
    file = resources.files("edgeverify.models").joinpath(FILE)
    try:
        return FiguresFile.model_validate_json(file.read_text("utf-8"))
    except (OSError, ValidationError) as error:
        raise BundleError(f"this release's figures are malformed: {error}") from None
