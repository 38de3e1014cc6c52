"""The people of a run who were not trained on, by name, with their chips."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from edgeverify_export.parity.faces import FoundFace, spread
from edgeverify_export.parity.trial import Trial
from numpy.typing import NDArray

from edgeverify_train.people.folder import Person, people_in
from edgeverify_train.people.split import read_split
from edgeverify_train.recipe import Recipe
from edgeverify_train.run_folder import RunFolder

MAX_FACES = 400
MAX_PAIRS = 2000
"""Of each kind: twice what 0.05 % of flipped decisions takes to be told."""


@dataclass(frozen=True, slots=True)
class HeldOutPeople:
    """Chips and the number of each one's person; `names` by number."""

    names: tuple[str, ...]
    paths: tuple[Path, ...]
    person: NDArray[np.int64]


def trained_people(recipe: Recipe, run: RunFolder) -> int | None:
    """Return how many people a run was trained on; None where it knew no people (`distill`)."""
    if recipe.data.unlabelled or not run.people.is_file():
        return None
    return len(read_split(run.people).trained)


def held_out_people(recipe: Recipe, run: RunFolder) -> HeldOutPeople | None:
    """Find the people whom the run was measured on; None where it had none.

    ConfigError where their chips are not where the recipe says.
    """
    found = _people(recipe, run)
    if not found:
        return None
    most = recipe.measurement.max_pictures
    shown = [
        (number, path)
        for number, one in enumerate(found)
        for path in spread(one.pictures, most)
    ]  # fmt: skip
    return HeldOutPeople(
        names=tuple(one.name for one in found),
        paths=tuple(path for _, path in shown),
        person=np.array([number for number, _ in shown], dtype=np.int64),
    )


def _people(recipe: Recipe, run: RunFolder) -> Sequence[Person]:
    if recipe.measurement.folder:
        return people_in(Path(recipe.measurement.folder), min_pictures=1)[0]
    if recipe.data.unlabelled or not run.people.is_file():
        return ()
    names = frozenset(read_split(run.people).held_out)
    everybody, _ = people_in(Path(recipe.data.folder), min_pictures=1)
    return [one for one in everybody if one.name in names]


def parity_trial(people: HeldOutPeople) -> Trial:
    """Return faces and pairs, mated and not, evenly over all of them."""
    chosen = sorted(spread(range(len(people.paths)), MAX_FACES))
    person = people.person[chosen]
    first, second = np.triu_indices(len(chosen), k=1)
    mated = person[first] == person[second]
    kept = np.array(
        sorted(
            int(pair)
            for kind in (True, False)
            for pair in spread(np.flatnonzero(mated == kind).tolist(), MAX_PAIRS)
        ),
        dtype=np.intp,
    )
    return Trial(
        faces=tuple(FoundFace(path=people.paths[index], mesh=None) for index in chosen),
        probes=first[kept].astype(np.intp),
        references=second[kept].astype(np.intp),
        mated=mated[kept],
        images=len(chosen),
        listed_pairs=len(kept),
    )
