"""`edgeverify-train recipes`: what the release brings, and a whole recipe to start from."""

from __future__ import annotations

from typing import Annotated

import typer

from edgeverify.cli.console import plain_errors, say


@plain_errors
def recipes(
    recipe: Annotated[
        str | None, typer.Argument(help="A recipe's name, or a file.", show_default=False)
    ] = None,
    changes: Annotated[
        list[str] | None, typer.Option("--set", help="KEY=VALUE of the recipe; repeatable.")
    ] = None,
) -> None:
    """List the recipes, or print one of them whole.

    A recipe has every key with its value and its meaning; change it and give it to `fit`.

    Example: edgeverify-train recipes arcface-progressive > mine.yaml
    """
    from edgeverify_train.recipe import load_recipe, print_recipe  # noqa: PLC0415 - pydantic
    from edgeverify_train.recipe.loading import shipped  # noqa: PLC0415

    if recipe is not None:
        typer.echo(print_recipe(load_recipe(recipe, changes or ())), nl=False)
        return
    width = max(len(name) for name in shipped())
    for name in shipped():
        say(f"{name:<{width}}  {load_recipe(name).about}")
