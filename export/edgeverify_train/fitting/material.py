"""The pictures of a training: whose they are, who is held out, and what forbids it.

A task is what is to be learnt: pictures, and whose they are or what a teacher makes of them; an
examination is what every measurement of a training's weights offers.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import torch
from edgeverify_export.statement import Resolved
from torch import nn

from edgeverify.errors import ConfigError
from edgeverify.feeding.statement import Feeding
from edgeverify.folder_listing import of_links
from edgeverify.how_many import how_many
from edgeverify_train import people as folders
from edgeverify_train.feeding import require_aligned
from edgeverify_train.leakage import digest_of, require_apart
from edgeverify_train.losses.modules import Targets
from edgeverify_train.measuring import HeldOut
from edgeverify_train.recipe import Recipe
from edgeverify_train.run_folder import RunFolder
from edgeverify_train.samplers import Pair


class Figures(Protocol):
    """What was measured; it prints as a few words."""

    @property
    def key(self) -> tuple[float, float]:
        """What the best checkpoint has the lowest of."""

    @property
    def figures(self) -> dict[str, float]:
        """The figures by name, the same names each time."""


class Examination(Protocol):
    """Measures a network, and leaves it as it was."""

    @property
    def remark(self) -> str | None:
        """What the measurement cannot carry; None where it carries its figure."""

    def measure(self, network: nn.Module) -> Figures:
        """Measure with the weights of the moment."""


@dataclass(frozen=True, slots=True, eq=False)
class Task:
    """Pictures by number, with the number of each one's person, -1 where nobody said.

    `pairs` are those of the pair sampler; `teacher` float32 (pictures, d), unit rows.
    """

    pictures: tuple[Path, ...]
    labels: tuple[int, ...]
    people: int
    feeding: Feeding
    digest: str
    pairs: tuple[Pair, ...] = ()
    teacher: torch.Tensor | None = None

    def targets(self, numbers: Sequence[int], device: torch.device) -> Targets:
        """Return what the loss is given for these pictures."""
        labels = torch.tensor([self.labels[number] for number in numbers], device=device)
        teacher = None if self.teacher is None else self.teacher[list(numbers)].to(device)
        return Targets(labels=labels, teacher=teacher, paired=bool(self.pairs))


@dataclass(frozen=True, slots=True, eq=False)
class Material:
    """What is trained on: pictures, the number of each one's person, and the people's names."""

    folder: Path
    pictures: tuple[Path, ...]
    labels: tuple[int, ...]
    people: tuple[str, ...]
    held_out: HeldOut
    remarks: tuple[str, ...]

    @property
    def digest(self) -> str:
        """SHA-256 of the pictures' names: what a resumed training must find again."""
        return digest_of(self.pictures, self.folder)


def gather(recipe: Recipe, run: RunFolder, resolved: Resolved, *, resumed: bool) -> Material:
    """Read the data folder; draw who is held out, or read whom the run held out.

    ConfigError where the folder's people cannot be trained on: nobody there, too few, cut
    otherwise, or people of an evaluation among them.
    """
    data = recipe.data
    if not data.folder:
        raise ConfigError(
            "the recipe names no folder of faces",
            advice="Add --data DIR, the folder that `edgeverify-train align` made.",
        )
    folder = Path(data.folder)
    people, left_out = folders.people_in(
        folder, min_pictures=data.min_pictures, max_pictures=data.max_pictures
    )
    remarks = [require_aligned(folder, resolved, trusted=data.trust_template)]
    remarks.append(of_links(folders.files_of(folder).links))
    if left_out:
        people_left = how_many(left_out, "person", "people")
        remarks.append(f"{people_left} with fewer than {data.min_pictures} pictures left out")
    remarks += require_apart(folder, people, [Path(one) for one in data.evaluation_lists], data)
    made, measured = _divided(recipe, people, resolved, resumed=run if resumed else None)
    if not resumed:
        folders.write_split(run.people, made)
    trained = [one for one in people if one.name in set(made.trained)]
    held_out = held_out_of(recipe, measured, resolved)
    return Material(
        folder=folder,
        pictures=tuple(picture for one in trained for picture in one.pictures),
        labels=tuple(number for number, one in enumerate(trained) for _ in one.pictures),
        people=tuple(one.name for one in trained),
        held_out=held_out,
        remarks=tuple(remark for remark in (*remarks, held_out.remark) if remark),
    )


def _divided(
    recipe: Recipe,
    people: Sequence[folders.Person],
    resolved: Resolved,
    *,
    resumed: RunFolder | None,
) -> tuple[folders.Split, Sequence[folders.Person]]:
    """Return who is trained on, and those who are measured."""
    if recipe.measurement.folder:
        others = measured_people(recipe, resolved)
        both = sorted({one.name for one in people} & {one.name for one in others})
        if both:
            raise ConfigError(
                f"{folders.named(both)} would be trained on and measured",
                advice="Take them out of one of the two folders.",
            )
        names = tuple(one.name for one in people)
        return folders.Split(trained=names, held_out=tuple(one.name for one in others)), others
    if resumed is not None:
        made = folders.read_split(resumed.people)
    else:
        made = folders.split(people, recipe.data.held_out_share, recipe.training.seed)
    return made, [one for one in people if one.name in set(made.held_out)]


def measured_people(recipe: Recipe, resolved: Resolved) -> tuple[folders.Person, ...]:
    """Read the people of `measurement.folder`; ConfigError where they were cut otherwise."""
    folder = Path(recipe.measurement.folder)
    require_aligned(folder, resolved, trusted=recipe.data.trust_template)
    found, _ = folders.people_in(
        folder, min_pictures=1, max_pictures=recipe.measurement.max_pictures
    )
    return found


def held_out_of(recipe: Recipe, people: Sequence[folders.Person], resolved: Resolved) -> HeldOut:
    """Make the measurement of these people; ConfigError where they have no pairs to compare."""
    most = recipe.measurement.max_pictures
    shown = [(number, p) for number, one in enumerate(people) for p in one.pictures[:most]]
    held_out = HeldOut(
        [picture for _, picture in shown],
        [number for number, _ in shown],
        resolved,
        fmr=recipe.measurement.fmr,
        on_card=recipe.data.degraded == "card",
        seed=recipe.training.seed,
    )
    if not held_out.mated_pairs or not held_out.non_mated_pairs:
        raise ConfigError(
            f"the {len(people)} people to measure on have {held_out.mated_pairs} mated and "
            f"{held_out.non_mated_pairs} non-mated pairs of pictures",
            advice="Both are needed: two people, and somebody with two pictures.",
        )
    return held_out
