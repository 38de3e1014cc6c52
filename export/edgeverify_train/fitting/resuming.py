"""A stopped training goes on."""

from __future__ import annotations

from collections.abc import Sequence

from edgeverify_train.fitting.start import Outcome, Say, fit
from edgeverify_train.recipe import load_recipe
from edgeverify_train.run_folder import RunFolder


def resume(run: RunFolder, changes: Sequence[str], say: Say) -> Outcome:
    """Go on from the run's `last.pt` by the run's own recipe, with `changes` over it."""
    recipe = load_recipe(str(run.recipe), changes)
    return fit(recipe, run, say, resumed=True)
