"""What a training began with, kept in its run: whether those weights knew faces already.

A network that learned too little is marked weak when it is exported, whatever chain of runs it
came through: a student of a few faces is not a start that knows strangers apart.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Literal

from pydantic import Field, ValidationError

from edgeverify.atomic_file import write_whole
from edgeverify.errors import ConfigError
from edgeverify.feeding.statement import BundleModel
from edgeverify.how_many import how_many
from edgeverify_train.people import read_split
from edgeverify_train.recipe import Recipe, load_recipe
from edgeverify_train.run_folder import RunFolder, run_of

if TYPE_CHECKING:
    from edgeverify_train.networks.building import BuiltNetwork

FEWEST_PEOPLE = 1000
"""Identities below which a network from chance knows its own people and no strangers: the least of
the table that `check-data` prints."""
FEWEST_FACES = 10_000
"""Faces below which a student knows its teacher's answers to these and not to strangers': the
least of the "tens of thousands" that docs/training.md asks for."""


class Origin(BundleModel):
    """Where the weights came from; `new` names tensors that came from chance beside a start."""

    schema_version: Literal[1] = 1
    start: str = ""
    new: tuple[str, ...] = Field(default=(), strict=False)
    weak_start: str = ""
    """Why the start itself knows no faces, as the end of a sentence; empty where it may."""

    @property
    def knows_faces(self) -> bool:
        """Return whether every weight was trained before, as far as can be known."""
        return bool(self.start) and not self.new and not self.weak_start


def write_origin(path: Path, origin: Origin) -> None:
    """Write it whole."""
    write_whole(path, (origin.model_dump_json(indent=2) + "\n").encode())


def read_origin(path: Path) -> Origin:
    """Read it; ConfigError where it is not what `fit` writes."""
    try:
        return Origin.model_validate_json(path.read_bytes())
    except (OSError, ValidationError):
        raise ConfigError(
            f"{path} does not say what the training began with",
            advice="Train again into a new folder.",
        ) from None


class TeacherNote(BundleModel):
    """Who taught a student; `weak` is why that bundle is no good at a door itself."""

    schema_version: Literal[1] = 1
    name: str
    weak: str = ""


def write_teacher(path: Path, teacher: TeacherNote) -> None:
    """Write it whole."""
    write_whole(path, (teacher.model_dump_json(indent=2) + "\n").encode())


def _weak_teacher(path: Path) -> str:
    """Return why a student is no better than its teacher; empty where nothing is known of one."""
    try:
        teacher = TeacherNote.model_validate_json(path.read_bytes())
    except FileNotFoundError:
        return ""  # an older release's, or no student
    except (OSError, ValidationError):
        return "it cannot be read who taught it"
    return f"it was taught by {teacher.name}, of which {teacher.weak}" if teacher.weak else ""


def origin_of(recipe: Recipe, built: BuiltNetwork) -> Origin:
    """Find what a network that was just built began with; runs of this program are looked into."""
    if not recipe.network.start:
        return Origin()
    earlier = run_of(Path(recipe.network.start))
    weak = ""
    if earlier is not None and earlier.origin.is_file():
        weak = weakness(load_recipe(str(earlier.recipe)), earlier)
    return Origin(start=recipe.network.start, new=built.new, weak_start=weak)


def weakness(recipe: Recipe, run: RunFolder) -> str:
    """Return why a run's network cannot tell strangers apart, as the end of a sentence; or ''.

    What it learned from is counted; a start that knows faces makes up for a small number, and none
    for a teacher who is no good at a door: a student learns to answer as its teacher does.
    """
    if weak := _weak_teacher(run.teacher):
        return weak
    own = _too_little(recipe, run)
    if not own or not run.origin.is_file():
        return "" if recipe.network.start else own
    origin = read_origin(run.origin)
    if origin.knows_faces:
        return ""
    if not origin.start:
        return own
    if origin.weak_start:
        return f"{own}, and of its start {origin.weak_start}"
    return f"{own}, and {origin.new[0]} did not come with its start"


def _too_little(recipe: Recipe, run: RunFolder) -> str:
    if recipe.loss.kind == "distil":
        faces = len(list((run.folder / "chips").glob("*.png")))
        return (
            ""
            if faces >= FEWEST_FACES
            else (
                f"it was taught by {how_many(faces, 'face')}, and a student that is to tell "
                f"strangers apart needs {FEWEST_FACES:,} at least"
            )
        )
    people = len(read_split(run.people).trained) if run.people.is_file() else FEWEST_PEOPLE
    return (
        ""
        if people >= FEWEST_PEOPLE
        else (
            f"it learned from {how_many(people, 'person', 'people')}, and a network that is to "
            f"tell strangers apart needs {FEWEST_PEOPLE:,} at least"
        )
    )
