"""The report of a training: what `fit` leaves in the run's folder when it ends."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from shlex import quote

from edgeverify_export.sources import architecture_named

from edgeverify.atomic_file import write_whole
from edgeverify.domain import RgbImage
from edgeverify.errors import EvaluationError
from edgeverify.evaluation.as_json import plain
from edgeverify.evaluation.images.lines import lines
from edgeverify.evaluation.pictures.plots import Drawn, save_plots
from edgeverify.feeding.alignment import whole_chip
from edgeverify.feeding.preprocessing import as_seen
from edgeverify.how_many import how_many
from edgeverify.table_rows import spreadsheet_row
from edgeverify_train.exporting.held_out import held_out_people, trained_people
from edgeverify_train.feeding import fed
from edgeverify_train.gallery import PairShown, Side, View, digits_of, write_gallery
from edgeverify_train.origin import weakness
from edgeverify_train.recipe import Recipe
from edgeverify_train.reporting.drawing import draw_confusion, draw_curves
from edgeverify_train.reporting.held_out_figures import HeldOutFigures, measure_held_out
from edgeverify_train.run_folder import RunFolder


@dataclass(frozen=True, slots=True)
class Written:
    """The report's folder, what it comes to in a line or two, and what to type next."""

    folder: Path
    summary: tuple[str, ...]
    next_lines: tuple[str, ...]


def write_report(recipe: Recipe, run: RunFolder) -> Written:
    """Write curves, ROC, DET, confusion, worst pairs, pairs trained on, and the model card.

    Measures `best.pth` on the held-out people's chips; without such people what needs them is
    left out, and said.
    """
    folder = run.report
    folder.mkdir(exist_ok=True)
    view = view_of(recipe)
    people = held_out_people(recipe, run)
    draw_curves(run.metrics, folder / "curves.png", recipe.name)
    summary = []
    if run.pairs.is_file():
        shown = _draw_pairs(recipe, run, folder / "pairs.png", view)
        summary.append(f"{shown} of the pairs that were trained on: {folder / 'pairs.png'}")
    found: HeldOutFigures | None = None
    if people is None:
        summary.append("nobody was held out: no figure on strangers")
    else:
        try:
            found = measure_held_out(recipe, run, people)
        except EvaluationError as error:
            summary.append(f"the held-out people could not be measured: {error.problem}")
    if found is not None:
        summary.append(_measured(recipe, found, folder, view))
    epochs = sum(1 for _ in csv.DictReader(run.metrics.read_text(encoding="utf-8").splitlines()))
    card = _model_card(
        recipe,
        trained_people(recipe, run),
        found,
        epochs=epochs,
        weak=weakness(recipe, run),
    )
    write_whole(folder / "model-card.md", card.encode())
    bundle = quote(f"models/{recipe.name}")
    next_lines = (
        f"edgeverify-train export {quote(str(run.folder))} -o {bundle}",
        f"edgeverify verify A.jpg B.jpg --bundle {bundle}",
        f"tensorboard --logdir {quote(str(run.tensorboard))}",
    )
    return Written(folder, tuple(summary), next_lines)


def view_of(recipe: Recipe) -> View:
    """Return what makes of a chip what the recipe's network sees: its size, grey where it is."""
    feeding = fed(recipe, architecture_named(recipe.network.arch)).feeding

    def seen(rgb: RgbImage) -> RgbImage:
        return as_seen(whole_chip(rgb, feeding.size, feeding.resize), feeding)

    return seen


def _measured(recipe: Recipe, found: HeldOutFigures, folder: Path, view: View) -> str:
    measured, people = found.measured, found.people
    save_plots(
        folder,
        {"held-out people": Drawn(scores=measured.scores, figures=measured.figures)},
        title=recipe.name,
    )
    if measured.figures.confusion is not None:
        draw_confusion(
            measured.figures.confusion,
            found.between,
            people.names,
            folder / "confusion.png",
            threshold=found.threshold,
        )
    _draw_worst(found, folder, view)
    content = {
        "threshold": found.threshold,
        "auc_one_to_one": measured.figures.auc,
        "auc_one_to_many": found.many_auc,
        "held_out": plain(measured),
    }
    text = json.dumps(plain(content), ensure_ascii=False, indent=1)
    write_whole(folder / "report.json", (text + "\n").encode())
    return (
        f"{len(people.names)} held-out people: EER {measured.figures.eer:.2%}, 1:1 AUC "
        f"{measured.figures.auc:.4f}, 1:N AUC {found.many_auc:.4f}"
    )


def _draw_worst(found: HeldOutFigures, folder: Path, view: View) -> None:
    people = found.people

    def side(index: int) -> Side:
        path = people.paths[index]
        return Side(path=path, words=f"{people.names[people.person[index]]}/{path.name}")

    digits = digits_of([one.score for one in (*found.missed, *found.mistaken)])
    shown = [
        PairShown(first=side(one.probe), second=side(one.reference),
                  words=f"{words}: {one.score:.{digits}f}", is_good=is_good)
        for pairs, words, is_good in (
            (found.missed, "one person", True),
            (found.mistaken, "two people", False),
        )
        for one in pairs
    ]  # fmt: skip
    title = f"worst pairs of held-out people, threshold {found.threshold:.{digits}f}"
    write_gallery(folder / "worst-pairs.png", shown, title, view=view)
    # A number, not its text: a score below zero begins as a formula does.
    rows = [
        spreadsheet_row(
            (kind, side(one.probe).words, side(one.reference).words, round(one.score, 8))
        )
        for kind, pairs in (("mated", found.missed), ("non-mated", found.mistaken))
        for one in pairs
    ]
    text = "\n".join(("kind,probe,reference,score", *rows))
    write_whole(folder / "worst-pairs.csv", f"{text}\n".encode())


def _draw_pairs(recipe: Recipe, run: RunFolder, target: Path, view: View) -> int:
    """Draw the first pairs of the run's own list, mated and not in turn."""
    base = Path(recipe.data.folder)
    with run.pairs.open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    mated = [row for row in rows if row["mated"] in {"1", "true", "True"}]
    others = [row for row in rows if row not in mated]
    turns = [row for two in zip(mated[:12], others[:12], strict=False) for row in two]
    return write_gallery(
        target,
        [
            PairShown(
                first=Side(path=base / row["first"], words=row["first"]),
                second=Side(path=base / row["second"], words=row["second"]),
                words="mated" if row in mated else "non-mated",
                is_good=row in mated,
            )
            for row in turns
        ],
        f"{len(mated):,} mated and {len(others):,} non-mated pairs, the first of each",
        view=view,
    )


def _model_card(
    recipe: Recipe, trained: int | None, found: HeldOutFigures | None, *, epochs: int, weak: str
) -> str:
    """Return as Markdown what the network is, was trained on and reaches.

    `trained` is the number of people, None where unknown.

    `weak` is why a door should not use it, as the end of a sentence; empty where it may.
    """
    return "\n".join(_card_lines(recipe, trained, found, epochs, weak)) + "\n"


def _card_lines(
    recipe: Recipe, trained: int | None, found: HeldOutFigures | None, epochs: int, weak: str
) -> Iterator[str]:
    yield f"# Model card: {recipe.name}"
    yield ""
    if recipe.about:
        yield recipe.about
        yield ""
    yield "## What it is"
    size = recipe.network.embedding_size or "of the network"
    yield f"- Network: `{recipe.network.arch}`, embedding size {size}"
    start = f"`{recipe.network.start}`" if recipe.network.start else "chance"
    yield f"- Begun from {start}; {epochs} epochs; loss {recipe.loss.kind}, {recipe.optimiser.kind}"
    sizes = ", ".join(str(stage.size or "the door's") for stage in recipe.stages)
    yield f"- Sides of the pictures by stage: {sizes}"
    yield "- Every key of the recipe: `recipe.yaml`"
    yield ""
    yield "## On whom"
    if trained is None:
        yield "- Trained on faces of nobody in particular: who was among them is not known."
    else:
        people = how_many(trained, "person", "people")
        yield f"- Trained on {people}; nobody held out is among them (`people.json`)."
    if weak:
        yield f"- **Not for a door.** {weak[:1].upper()}{weak[1:]}."
    yield "- Age, skin tone, glasses and cameras of these people were not measured here."
    yield ""
    yield "## What it reaches on people who were not trained on"
    if found is None:
        yield "Nobody was held out, so nothing is known."
        return
    yield f"1:1 AUC {found.measured.figures.auc:.4f}, 1:N AUC {found.many_auc:.4f}."
    yield ""
    yield "```"
    yield from lines("held-out people", found.measured)
    yield "```"
