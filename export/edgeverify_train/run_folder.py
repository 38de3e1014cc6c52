"""Where a training puts what."""

from __future__ import annotations

import re
import shutil
from dataclasses import dataclass
from pathlib import Path

from edgeverify.atomic_file import PRIVATE_FOLDER
from edgeverify.errors import ConfigError
from edgeverify.folder_listing import entries, files_below

CHIPS, EMBEDDINGS, LEFT_OUT = "chips", "teacher.npy", "left-out.txt"
"""What distillation makes of the photos before it trains."""
_CHIP = re.compile(r"[0-9]{8}\.png")


@dataclass(frozen=True, slots=True)
class RunFolder:
    """The folder of one training."""

    folder: Path

    @property
    def recipe(self) -> Path:
        """The recipe, every key of it."""
        return self.folder / "recipe.yaml"

    @property
    def people(self) -> Path:
        """Who was trained on, and who was held out (`people.split`)."""
        return self.folder / "people.json"

    @property
    def origin(self) -> Path:
        """What its weights began with (`origin`)."""
        return self.folder / "origin.json"

    @property
    def teacher(self) -> Path:
        """Who taught it (`origin`), where it was taught."""
        return self.folder / "teacher.json"

    @property
    def pairs(self) -> Path:
        """The pairs that were trained on, where the sampler makes pairs."""
        return self.folder / "pairs.csv"

    @property
    def metrics(self) -> Path:
        """One row per epoch."""
        return self.folder / "metrics.csv"

    @property
    def tensorboard(self) -> Path:
        """For `tensorboard --logdir`."""
        return self.folder / "tensorboard"

    @property
    def report(self) -> Path:
        """Curves, pictures and the model card."""
        return self.folder / "report"

    @property
    def checkpoints(self) -> Path:
        """Folder of the checkpoints."""
        return self.folder / "checkpoints"

    @property
    def last(self) -> Path:
        """All that a training needs to go on from where it was."""
        return self.checkpoints / "last.pt"

    @property
    def best(self) -> Path:
        """Weights of the epoch with the lowest FNMR on people who were not trained on."""
        return self.checkpoints / "best.pth"

    def named(self, epoch: int, loss: float) -> Path:
        """Weights of epoch `epoch` (from 1), in the naming that people's scripts know."""
        return self.checkpoints / f"model_epoch{epoch}_loss{loss:.4f}.pth"

    def make(self) -> None:
        """Make the folders of a new run; ConfigError where something lies there already.

        What a refused one left, before anything was trained, is not a run: it is cleared away.
        """
        if self._was_never_begun():
            shutil.rmtree(self.folder / CHIPS, ignore_errors=True)
            for path in files_below(self.folder):
                path.unlink()
        elif self.folder.exists() and (not self.folder.is_dir() or any(self.folder.iterdir())):
            raise ConfigError(
                f"{self.folder} is not empty",
                advice="Give a new folder, or go on with `edgeverify-train resume`.",
            )
        # It names people and shows their faces.
        self.folder.mkdir(mode=PRIVATE_FOLDER, parents=True, exist_ok=True)
        for each in (self.checkpoints, self.report):
            each.mkdir(exist_ok=True)

    def _was_never_begun(self) -> bool:
        """Return whether all that lies there is what is written before the recipe is."""
        mine = {self.people, self.pairs, self.origin, self.teacher}
        mine |= {self.folder / name for name in (LEFT_OUT, EMBEDDINGS)}
        chips = self.folder / CHIPS
        return (
            self.checkpoints.is_dir()
            and self.report.is_dir()
            and {*entries(self.folder)} <= {*mine, self.checkpoints, self.report, chips}
            and {path for path in files_below(self.folder) if path.parent != chips} <= mine
            and all(_CHIP.fullmatch(path.name) for path in entries(chips))
        )


def run_of(checkpoint: Path) -> RunFolder | None:
    """Return the run in whose checkpoints a file lies; None where it lies elsewhere."""
    run = RunFolder(checkpoint.parent.parent)
    return run if checkpoint.parent == run.checkpoints and run.recipe.is_file() else None


def existing_run(folder: Path) -> RunFolder:
    """Return the run that a folder holds; ConfigError where it holds none."""
    run = RunFolder(folder)
    if not run.recipe.is_file():
        raise ConfigError(
            f"{folder} is not the folder of a training: it has no {run.recipe.name}",
            advice="Give the folder that `edgeverify-train fit -o` made.",
        )
    return run
