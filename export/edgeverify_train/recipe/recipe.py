"""The whole recipe, with the sections that say what a training is, apart from the loss.

Which network, and from what; whose faces are learnt from; how weights move: optimiser, schedule and
stages; how it is run.
"""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator
from typing_extensions import Self

from edgeverify.settings import Section
from edgeverify_train.recipe.loss import LossSettings, SamplerSettings


class NetworkSettings(Section):
    """The network: a row of the workshop's table, or `module:Class`."""

    arch: str = Field(default="", max_length=200)
    """As `edgeverify-export onnx --arch` takes it."""
    embedding_size: int | None = Field(default=None, ge=2, le=8192)
    """Values of an embedding; empty: what the start or the network's row has."""
    start: str = ""
    """A local checkpoint to start from; nothing is ever downloaded. Empty: from chance."""
    from_chance: bool = True
    """Whether it may do without a start. False in recipes that go on from a trained network."""
    train_last: float = Field(default=1.0, gt=0, le=1)
    """Share of the layers with weights that is trained, counted from the output."""
    frozen: tuple[str, ...] = Field(default=(), strict=False)
    """Names of parameters that are not trained: `features.*`."""


class OptimiserSettings(Section):
    """The optimiser."""

    kind: Literal[
        "adam",
        "adamw",
        "sgd",
        "rmsprop",
        "ranger",
        "adamw-schedule-free",
        "sgd-schedule-free",
        "radam-schedule-free",
    ] = "adamw"
    """`ranger` is RAdam with lookahead; the schedule-free ones need no schedule."""
    learning_rate: float = Field(default=1e-3, gt=0, le=100)
    """At the end of the warm-up."""
    loss_learning_rate: float | None = Field(default=None, gt=0, le=100)
    """Of a loss's own weights (the people's centres); empty: the same."""
    weight_decay: float = Field(default=0.0, ge=0, le=10)
    """Not on biases and norms."""
    momentum: float = Field(default=0.9, ge=0, lt=1)
    """SGD and RMSprop; beta 1 of the others."""
    lookahead_steps: int = Field(default=6, ge=1, le=1000)
    """Ranger: steps between two meetings with the slow weights."""
    lookahead_share: float = Field(default=0.5, gt=0, le=1)
    """Ranger: how far the slow weights go then."""

    @model_validator(mode="after")
    def _moves_with_momentum(self) -> Self:
        if self.kind.endswith("schedule-free") and self.momentum == 0:
            raise ValueError(f"{self.kind} needs a momentum above 0, such as 0.9")
        return self


class ScheduleSettings(Section):
    """How the learning rate falls."""

    kind: Literal["constant", "cosine", "plateau", "step", "exponential"] = "cosine"
    """`plateau` watches the held-out people's FNMR, the others count."""
    warm_up_epochs: float = Field(default=0.0, ge=0, le=1000)
    """From a hundredth of the rate to all of it."""
    floor: float = Field(default=0.01, ge=0, le=1)
    """Share of the rate that is never gone below: cosine and plateau."""
    every_epochs: int = Field(default=10, ge=1)
    """`step`: epochs between two falls."""
    gamma: float = Field(default=0.1, gt=0, lt=1)
    """`step` and `plateau`: factor of one fall; `exponential`: factor of one epoch."""
    patience: int = Field(default=3, ge=0)
    """`plateau`: epochs without a better figure before it falls."""


class Stage(Section):
    """One part of a training: epochs at one size and strength of augmentation."""

    epochs: int = Field(default=20, ge=1, le=100_000)
    """How many."""
    size: int | None = Field(default=None, ge=16, le=1024)
    """Side of the network's input in this stage; empty: the door's."""
    rand_augment: float = Field(default=0.0, ge=0, le=30)
    """RandAugment's magnitude, of 30. 0: none."""
    rand_augment_operations: int = Field(default=2, ge=1, le=8)
    """How many operations on each picture."""


class TrainingSettings(Section):
    """The run."""

    batch: int = Field(default=32, ge=2, le=65_536)
    """Pictures in a batch."""
    accumulate: int = Field(default=1, ge=1, le=4096)
    """Batches whose gradients make one step."""
    steps_per_epoch: int = Field(default=0, ge=0)
    """Steps after which an epoch ends. 0: when every picture or person had its turn."""
    precision: Literal["fp32", "bf16", "fp16"] = "fp32"
    """Mixed precision where it is not fp32; fp16 scales the loss, and needs a GPU."""
    clip_norm: float = Field(default=0.0, ge=0)
    """Gradients longer than this are shortened. 0: none are."""
    ema_decay: float = Field(default=0.0, ge=0, lt=1)
    """Average of the weights that is measured and kept instead of the last. 0: none."""
    seed: int = Field(default=1, ge=0, lt=2**31)
    """Of everything that is left to chance."""
    workers: int = Field(default=2, ge=0, le=256)
    """Processes that read pictures."""
    device: Literal["auto", "cpu", "cuda"] = "auto"
    """`auto`: the GPU where there is one."""


class MeasurementSettings(Section):
    """What is measured after each epoch, on people who were not trained on."""

    fmr: float = Field(default=1e-3, gt=0, lt=1)
    """False match rate at which FNMR is measured; the checkpoint with the lowest is the best."""
    max_pictures: int = Field(default=20, ge=2)
    """Of each held-out person."""
    folder: str = ""
    """Aligned chips of other people to measure on, a folder each. Empty: some of the data's own
    people are held out."""
    threshold: float | None = Field(default=None)
    """Score at which the report counts its confusion matrix, as the door's scores go: a cosine,
    or minus a distance (-0.3). Empty: the threshold of `fmr`."""


class CheckpointSettings(Section):
    """What is kept beside `last.pt` and `best.pth`."""

    named: bool = True
    """Also `model_epoch{N}_loss{L}.pth`."""
    keep: int = Field(default=3, ge=0)
    """How many of the named ones, the newest. 0: all."""


class TeacherSettings(Section):
    """`distill`: the installed bundle whose embedding is learnt."""

    bundle: str = ""
    """A bundle's folder, or the name of one that is installed, of one network or several. Empty:
    the best of those that are installed."""


class DataSettings(Section):
    """Chips of faces, a folder per person, as `edgeverify-train align` makes them."""

    folder: str = ""
    """The folder of aligned chips; `--data DIR` states it too."""
    unlabelled: bool = False
    """The folder holds faces of nobody in particular, below any folders: for `distill`."""
    trust_template: bool = False
    """The chips were cut elsewhere, by the recipe's template: no `aligned.json` is asked for."""
    held_out_share: float = Field(default=0.2, gt=0, lt=1)
    """Share of the people who are never trained on: the best checkpoint is chosen on them."""
    min_pictures: int = Field(default=2, ge=1)
    """People with fewer pictures are left out, and counted."""
    max_pictures: int = Field(default=0, ge=0)
    """The most pictures of one person, taken evenly over the folder. 0: all."""
    evaluation_lists: tuple[str, ...] = Field(default=(), strict=False)
    """Pair lists in LFW's format, lists of names, or folders per person, whose people must not be
    trained on."""
    allow_shared_people: bool = False
    """Train although people stand in an evaluation list too: every figure on it is then void."""
    check: str = ""
    """What `check-data` wrote of this folder (check.json): whom it took for somebody of an
    evaluation is not trained on. Empty: FOLDER-check/check.json, where that is."""
    not_leaked: tuple[str, ...] = Field(default=(), strict=False)
    """People whom `check-data` took by the face for somebody of an evaluation, and who are not:
    you have looked at worst.png."""
    flip: bool = True
    """Half of the pictures are mirrored in training."""
    degraded: Literal["none", "card"] = "none"
    """`card`: one picture of each pair looks printed on a card and scanned."""


class FeedingSettings(Section):
    """How faces are cut and fed. What is left empty is the network's own row of the table."""

    template: str = ""
    """Alignment: a name (arcface-112, face01-224 ...) or a file that states it."""
    size: int | None = Field(default=None, ge=16, le=1024)
    """Side of the network's input at the door, in pixels."""
    channels: Literal["rgb", "bgr", "grey"] | None = None
    """Order of the colour channels, or one channel of luma."""
    statistics: str = ""
    """How pixels become numbers: imagenet, caffe-bgr, signed-unit, unit or raw."""
    metric: Literal["cosine", "euclidean"] | None = None
    """How embeddings are compared."""
    mirror: Literal["both", "reference", "none"] | None = None
    """On which side the mirror image is embedded too."""
    normalise: bool | None = None
    """Bring embeddings to length 1."""


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
