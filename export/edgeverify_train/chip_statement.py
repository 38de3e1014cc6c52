"""What `align` is asked for: a template by name, by file, or as a recipe trains on."""

from __future__ import annotations

from edgeverify_export.networks.table import ARCHITECTURES
from edgeverify_export.template_file import template_of

from edgeverify.errors import ConfigError
from edgeverify.feeding.template_kinds import Template
from edgeverify.feeding.templates import TEMPLATES, template_named
from edgeverify_train.recipe import Recipe


def chips_of(recipe: Recipe | None, template: str | None, size: int | None) -> tuple[Template, int]:
    """Return the template and the side of the chips, in pixels; ConfigError where nobody says.

    A recipe's chips have the largest side that it trains at, so that the door's own side is cut
    from the photo as the door cuts it, unless a stage is larger.
    """
    wanted = template
    sides = []
    if recipe is not None:
        known = ARCHITECTURES.get(recipe.network.arch)
        wanted = wanted or recipe.feeding.template or (known.template if known else None)
        side = recipe.feeding.size or (known.size if known else None)
        sides = [each for each in (side, *(stage.size for stage in recipe.stages)) if each]
    if wanted is None:
        raise ConfigError(
            "how the chips are to be cut must be said: --recipe NAME or --template NAME",
            advice="A recipe knows: `edgeverify-train recipes` lists them. Templates: "
            f"{', '.join(TEMPLATES)}, or a file that states one.",
        )
    name, stated = template_of(wanted)
    found = stated or template_named(name)
    return found, size or max(sides, default=found.size)
