"""The whole recipe."""

from __future__ import annotations

from pydantic import Field

from edgeverify.settings import Section
from edgeverify_train.recipe.data import DataSettings, FeedingSettings
from edgeverify_train.recipe.loss import LossSettings, SamplerSettings
from edgeverify_train.recipe.network import NetworkSettings
from edgeverify_train.recipe.optimisation import OptimiserSettings, ScheduleSettings, Stage
from edgeverify_train.recipe.training import (
    CheckpointSettings,
    MeasurementSettings,
    TeacherSettings,
    TrainingSettings,
)


class Recipe(Section):
    """All that a training is told. Relative paths start from the recipe's folder."""

    name: str = Field(default="training", min_length=1, max_length=100)
    """Stands in the report and in the bundle's notes."""
    about: str = Field(default="", max_length=2000)
    """What it is for, in a sentence or two."""
    data: DataSettings = DataSettings()
    feeding: FeedingSettings = FeedingSettings()
    network: NetworkSettings = NetworkSettings()
    teacher: TeacherSettings = TeacherSettings()
    loss: LossSettings = LossSettings()
    sampler: SamplerSettings = SamplerSettings()
    optimiser: OptimiserSettings = OptimiserSettings()
    schedule: ScheduleSettings = ScheduleSettings()
    stages: tuple[Stage, ...] = Field(
        default=(Stage(),), min_length=1, max_length=100, strict=False
    )
    training: TrainingSettings = TrainingSettings()
    measurement: MeasurementSettings = MeasurementSettings()
    checkpoints: CheckpointSettings = CheckpointSettings()

    @property
    def epochs(self) -> int:
        """Epochs of all stages together."""
        return sum(stage.epochs for stage in self.stages)

    def stage_of(self, epoch: int) -> Stage:
        """Return the stage that epoch number `epoch` (from 0) is in."""
        return self.stages[self.stage_number_of(epoch)]

    def stage_number_of(self, epoch: int) -> int:
        """Return its number, from 0."""
        for number, stage in enumerate(self.stages):
            if epoch < stage.epochs:
                return number
            epoch -= stage.epochs
        return len(self.stages) - 1
