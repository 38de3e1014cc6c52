"""A training put together from its recipe, run, and summed up."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from timm.utils.model_ema import ModelEmaV3

from edgeverify.atomic_file import write_whole
from edgeverify.errors import ConfigError
from edgeverify.feeding.statement import Feeding
from edgeverify.how_many import how_many
from edgeverify_train.chance import torch_drawing
from edgeverify_train.feeding import fed
from edgeverify_train.fitting.log import Curves
from edgeverify_train.fitting.loop import Loop, StopSignals
from edgeverify_train.fitting.material import Examination, Task, gather
from edgeverify_train.fitting.state import Keeper, TrainingState
from edgeverify_train.losses.table import TrainingLoss
from edgeverify_train.networks.building import BuiltNetwork, build_network, require_sizes
from edgeverify_train.networks.freezing import freeze
from edgeverify_train.optimisation import Schedule, optimiser_of
from edgeverify_train.origin import origin_of, weakness, write_origin
from edgeverify_train.recipe import Recipe, print_recipe
from edgeverify_train.run_folder import RunFolder
from edgeverify_train.samplers import Pair, batches_of, make_pairs, read_pairs, write_pairs

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a training ended: its best epoch, what it had there, and how long it took."""

    best_epoch: int
    best: tuple[float, float]
    epochs: int
    seconds: float


def fit(recipe: Recipe, run: RunFolder, say: Say, *, resumed: bool = False) -> Outcome:
    """Train by the recipe into the run's folder, from the beginning or from `last.pt`."""
    if recipe.loss.kind == "distil":
        raise ConfigError(
            f"{recipe.name} learns from a bundle and not from people",
            advice="Run: edgeverify-train distill",
        )
    built = build_network(recipe.network, recipe.training.seed)
    resolved = fed(recipe, built.architecture)
    require_sizes(built.network, recipe, resolved.feeding)
    if not resumed:
        run.make()
    material = gather(recipe, run, resolved, resumed=resumed)
    task = Task(
        pictures=material.pictures,
        labels=material.labels,
        people=len(material.people),
        feeding=resolved.feeding,
        digest=material.digest,
        pairs=_pairs(recipe, material.pictures, material.labels, material.folder, run),
    )
    say(
        f"{how_many(len(task.pictures), 'picture')} of {how_many(task.people, 'person', 'people')} "
        f"to train on; {len(set(material.held_out.labels.tolist()))} people held out, "
        f"{material.held_out.mated_pairs} mated and {material.held_out.non_mated_pairs} "
        "non-mated pairs"
    )
    for remark in (built.remark, *material.remarks, *_unbalanced(recipe, task.pairs)):
        say(f"  {remark}")
    return train(recipe, run, built, task, material.held_out, say, resumed=resumed)


def train(
    recipe: Recipe,
    run: RunFolder,
    built: BuiltNetwork,
    task: Task,
    examination: Examination,
    say: Say,
    *,
    resumed: bool,
) -> Outcome:
    """Run the loop to its end; the run's folder is there."""
    began = time.monotonic()
    device = device_of(recipe)
    state = _state(recipe, built, task, device)
    if not resumed:
        write_origin(run.origin, origin_of(recipe, built))
        weak = weakness(recipe, run)
        if weak:
            say(f"  what comes of it will be marked as not for a door: {weak}")
    else:
        state.read(run.last)
        say(f"going on at epoch {state.epoch + 1}, step {state.step + 1}")
    write_whole(run.recipe, print_recipe(recipe).encode())
    curves = Curves(run.tensorboard, state.steps)
    keeper = Keeper(run, recipe.checkpoints, say)
    try:
        with StopSignals() as stop:
            Loop(recipe, task, state, examination, keeper, curves, device).run(stop)
    finally:
        curves.close()
    if state.best is None:
        raise ConfigError(
            "the training is over: every epoch of the recipe is done",
            advice="Add epochs: --set stages.0.epochs=N.",
        )
    return Outcome(state.best_epoch, state.best, len(state.rows), time.monotonic() - began)


def device_of(recipe: Recipe) -> torch.device:
    """Choose the device; ConfigError where the recipe asks for one that is not here."""
    wanted = recipe.training.device
    has_gpu = torch.cuda.is_available()
    if wanted == "cuda" and not has_gpu:
        raise ConfigError(
            "training.device is cuda, and PyTorch finds no GPU here",
            advice="Take --set training.device=auto.",
        )
    device = torch.device("cuda" if has_gpu and wanted != "cpu" else "cpu")
    if recipe.training.precision == "fp16" and device.type == "cpu":
        raise ConfigError(
            "training.precision is fp16, which needs a GPU",
            advice="Take --set training.precision=bf16, or fp32.",
        )
    return device


def _state(recipe: Recipe, built: BuiltNetwork, task: Task, device: torch.device) -> TrainingState:
    network = built.network.to(device)
    frozen = freeze(network, recipe.network)
    size = embedding_size(network, task.feeding)
    with torch_drawing(recipe.training.seed, "loss"):
        loss = TrainingLoss(recipe.loss, task.people, size).to(device)
    optimiser = optimiser_of(recipe.optimiser, network, loss)
    training = recipe.training
    batches = len(
        batches_of(
            0,
            task.labels,
            recipe.sampler,
            batch=training.batch,
            seed=training.seed,
            pairs=task.pairs,
        )
    )
    steps = max(1, batches // training.accumulate)
    if training.steps_per_epoch:
        steps = min(steps, training.steps_per_epoch)
    return TrainingState(
        network=network,
        frozen=frozen,
        loss=loss,
        optimiser=optimiser,
        schedule=Schedule(recipe.schedule, optimiser, steps=steps, epochs=recipe.epochs),
        ema=ModelEmaV3(network, decay=training.ema_decay) if training.ema_decay > 0 else None,
        scaler=torch.amp.GradScaler(device.type, enabled=training.precision == "fp16"),
        digest=task.digest,
    )


def embedding_size(network: torch.nn.Module, feeding: Feeding) -> int:
    """Ask the network how many values it gives."""
    device = next(network.parameters()).device
    network.eval()
    with torch.no_grad():
        shape = network(
            torch.zeros(2, feeding.depth, feeding.size, feeding.size, device=device)
        ).shape
    network.train()
    return int(shape[1])


def _unbalanced(recipe: Recipe, pairs: Sequence[Pair]) -> tuple[str, ...]:
    """Return where so few pictures make fewer mated pairs than half of what was asked for."""
    mated = sum(pair.mated for pair in pairs)
    if recipe.sampler.pairs_file or not pairs or mated >= recipe.sampler.pairs_per_epoch // 2:
        return ()
    return (f"{mated} mated pairs are all there are, beside {len(pairs) - mated} non-mated ones",)


def _pairs(
    recipe: Recipe,
    pictures: tuple[Path, ...],
    labels: tuple[int, ...],
    folder: Path,
    run: RunFolder,
) -> tuple[Pair, ...]:
    if recipe.sampler.kind != "pairs":
        return ()
    if recipe.sampler.pairs_file:
        pairs = read_pairs(Path(recipe.sampler.pairs_file), pictures, folder)
    else:
        pairs = make_pairs(labels, recipe.sampler.pairs_per_epoch, recipe.training.seed)
    write_pairs(run.pairs, pairs, pictures, folder)
    return pairs
