"""What a network is, was trained on and reaches, as a page to keep beside its weights."""

from __future__ import annotations

from collections.abc import Iterator

from edgeverify.evaluation.images.lines import lines
from edgeverify.how_many import how_many
from edgeverify_train.recipe import Recipe
from edgeverify_train.reporting.held_out_figures import HeldOutFigures


def model_card(
    recipe: Recipe, trained: int | None, found: HeldOutFigures | None, *, epochs: int, weak: str
) -> str:
    """Return the card as Markdown; `trained` is the number of people, None where unknown.

    `weak` is why a door should not use it, as the end of a sentence; empty where it may.
    """
    return "\n".join(_lines(recipe, trained, found, epochs, weak)) + "\n"


def _lines(
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
