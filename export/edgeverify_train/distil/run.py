"""`distill` without the command line: lessons made, then the ordinary training."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path

import numpy as np
import torch
from edgeverify_export.statement import Resolved
from numpy.typing import NDArray
from torch import nn

from edgeverify.errors import ConfigError
from edgeverify.folder_listing import of_links
from edgeverify.how_many import how_many
from edgeverify_train.chance import draws
from edgeverify_train.distil.gap import HeldOutLessons, answers
from edgeverify_train.distil.lessons import Lessons, make_lessons, read_lessons
from edgeverify_train.distil.teacher import open_teacher
from edgeverify_train.feeding import fed
from edgeverify_train.fitting import material
from edgeverify_train.fitting.start import Outcome, Say, embedding_size, train
from edgeverify_train.leakage import digest_of, require_apart
from edgeverify_train.networks.building import BuiltNetwork, build_network, require_sizes
from edgeverify_train.origin import TeacherNote, write_teacher
from edgeverify_train.people import Person, files_of, pictures_below
from edgeverify_train.recipe import Recipe
from edgeverify_train.run_folder import RunFolder


def distil(recipe: Recipe, run: RunFolder, say: Say, *, resumed: bool = False) -> Outcome:
    """Train the recipe's network towards the teacher's embedding, into the run's folder."""
    if recipe.loss.kind != "distil":
        raise ConfigError(
            f"{recipe.name} learns from people: its loss is {recipe.loss.kind}",
            advice="Run: edgeverify-train fit",
        )
    if not recipe.data.folder:
        raise ConfigError(
            "the recipe names no folder of faces", advice="Add --data DIR: photos, or chips."
        )
    built = build_network(recipe.network, recipe.training.seed)
    resolved = fed(recipe, built.architecture)
    if resolved.metric != "cosine":
        raise ConfigError(
            f"{recipe.network.arch} is compared by distance, and a cosine is learnt",
            advice="Add: --set feeding.metric=cosine --set feeding.normalise=true.",
        )
    require_sizes(built.network, recipe, resolved.feeding)
    for words in _kept_apart(recipe):
        say(f"  {words}")
    lessons = read_lessons(run) if resumed else _lessons(recipe, run, built, resolved, say)
    kept, examination = _divided(recipe, lessons, resolved)
    say(f"{len(kept)} faces to learn from")
    for remark in (built.remark, examination.remark):
        if remark:
            say(f"  {remark}")
    pictures = tuple(lessons.pictures[index] for index in kept)
    task = material.Task(
        pictures=pictures,
        labels=(-1,) * len(pictures),
        people=0,
        feeding=resolved.feeding,
        digest=digest_of(pictures, lessons.folder),
        teacher=torch.from_numpy(lessons.embeddings[kept]),
    )
    return train(recipe, run, built, task, examination, say, resumed=resumed)


def _kept_apart(recipe: Recipe) -> tuple[str, ...]:
    """Refuse people of an evaluation, by the folders that the photos lie in, and by picture."""
    data, folder = recipe.data, Path(recipe.data.folder)
    of: dict[str, list[Path]] = {}
    for photo in pictures_below(folder):
        of.setdefault(photo.parent.name if photo.parent != folder else "", []).append(photo)
    people = [Person(name, tuple(photos)) for name, photos in of.items()]
    lists = [*data.evaluation_lists, *filter(None, [recipe.measurement.folder])]
    return require_apart(folder, people, [Path(one) for one in lists], data)


def _lessons(
    recipe: Recipe, run: RunFolder, built: BuiltNetwork, resolved: Resolved, say: Say
) -> Lessons:
    teacher = open_teacher(recipe.teacher.bundle)
    try:
        run.make()
        write_teacher(run.teacher, TeacherNote(name=teacher.bundle.name, weak=teacher.weakness))
        size = embedding_size(built.network, resolved.feeding)
        say(
            f"teacher: {teacher.bundle.name}, {teacher.embedder.embedding_size} values; "
            f"student: {recipe.network.arch}, {size} values"
        )
        lessons, left_out = make_lessons(
            Path(recipe.data.folder),
            teacher,
            resolved,
            size,
            run,
            student=partial(_student, built.network, resolved) if recipe.network.start else None,
        )
    finally:
        teacher.close()
    links = files_of(Path(recipe.data.folder)).links
    if links:
        say(f"  {of_links(links)}")
    if left_out:
        said = how_many(left_out, "photo")
        say(f"  {said} without a face left out: {run.folder / 'left-out.txt'}")
    return lessons


def _student(
    network: nn.Module, resolved: Resolved, pictures: Sequence[Path]
) -> NDArray[np.float32]:
    return answers(network, pictures, resolved)


def _divided(
    recipe: Recipe, lessons: Lessons, resolved: Resolved
) -> tuple[list[int], material.Examination]:
    """Return the numbers of the faces to learn from, and what measures the student."""
    everything = list(range(len(lessons.pictures)))
    if recipe.measurement.folder:
        return everything, material.held_out_of(
            recipe, material.measured_people(recipe, resolved), resolved
        )
    order = draws(recipe.training.seed, "held out").permutation(len(everything)).tolist()
    count = max(2, round(recipe.data.held_out_share * len(everything)))
    held, kept = sorted(order[:count]), sorted(order[count:])
    return kept, HeldOutLessons(
        [lessons.pictures[index] for index in held], lessons.embeddings[held], resolved
    )
