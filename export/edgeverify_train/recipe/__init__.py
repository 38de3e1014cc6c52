"""What a training is told: a YAML recipe, read into frozen sections and printed whole."""

from edgeverify_train.recipe.loading import load_recipe, print_recipe
from edgeverify_train.recipe.recipe import DataSettings, Recipe

__all__ = ["DataSettings", "Recipe", "load_recipe", "print_recipe"]
