"""A training that was stopped ends with the very bits that it would have ended with."""

from __future__ import annotations

import os
import resource
import signal
from pathlib import Path

import pytest
import torch
from edgeverify_train.errors import StoppedError, TrainingError
from edgeverify_train.fitting import loop as loop_module
from edgeverify_train.fitting.loop import Loop
from edgeverify_train.fitting.state import save
from edgeverify_train.run_folder import RunFolder

from edgeverify.errors import ConfigError

from .conftest import Train

pytestmark = [pytest.mark.export, pytest.mark.slow]

GREY = ("sampler.pairs_per_epoch=80", "training.batch=20", "stages.0.epochs=3")
FORMS = {
    "plateau, accumulation, EMA": (
        "schedule.kind=plateau", "schedule.patience=0", "training.accumulate=2",
        "training.ema_decay=0.9", "training.clip_norm=1",
    ),
    "ranger, RandAugment": (
        "optimiser.kind=ranger", "optimiser.lookahead_steps=3", "stages.0.rand_augment=9",
        "schedule.kind=cosine",
    ),
    "schedule-free": ("optimiser.kind=adamw-schedule-free", "optimiser.momentum=0.9"),
    "bf16": ("training.precision=bf16", "optimiser.kind=sgd"),
}  # fmt: skip


def stop_after(monkeypatch: pytest.MonkeyPatch, steps: int) -> None:
    """Let a SIGTERM come while step number `steps` is done."""
    ordinary = Loop._step

    def step(self: Loop, *args: object) -> float:
        if self.state.steps == steps:
            os.kill(os.getpid(), signal.SIGTERM)
        return ordinary(self, *args)  # type: ignore[arg-type]

    monkeypatch.setattr(loop_module.Loop, "_step", step)


@pytest.mark.parametrize("form", FORMS)
def test_resumed_is_equal_bit_for_bit(
    train: Train, monkeypatch: pytest.MonkeyPatch, form: str
) -> None:
    changes = [*GREY, *FORMS[form]]
    whole = train("contrastive-euclidean", changes, into="whole")
    with monkeypatch.context() as patch:
        stop_after(patch, 4)
        with pytest.raises(StoppedError, match="stopped by SIGTERM after step 5"):
            train("contrastive-euclidean", changes, into="stopped")
    resumed = train("", into="stopped", resumed=True)
    assert resumed.outcome.best == whole.outcome.best
    one, other = (torch.load(each.run.last, weights_only=True) for each in (whole, resumed))
    require_equal(one["network"], other["network"])
    require_equal(one["optimiser"], other["optimiser"])
    require_equal(one["ema"], other["ema"])
    require_equal(one["schedule"], other["schedule"])
    for row, same in zip(one["rows"], other["rows"], strict=True):
        assert {**row, "seconds": 0} == {**same, "seconds": 0}
    assert whole.run.best.exists()
    require_equal(*(torch.load(r.run.best, weights_only=True) for r in (whole, resumed)))


def require_equal(one: object, other: object) -> None:
    if isinstance(one, torch.Tensor):
        assert isinstance(other, torch.Tensor)
        assert torch.equal(one, other)
    elif isinstance(one, dict):
        assert isinstance(other, dict)
        assert one.keys() == other.keys()
        for key in one:
            if key != "scheduled_lr":
                require_equal(one[key], other[key])
    elif isinstance(one, list | tuple):
        assert isinstance(other, list | tuple)
        for mine, its in zip(one, other, strict=True):
            require_equal(mine, its)
    else:
        assert one == other


def test_workers_draw_what_one_process_draws(train: Train) -> None:
    changes = (*GREY, "stages.0.rand_augment=5", "stages.0.epochs=1")
    alone = train("contrastive-euclidean", changes, into="alone")
    two = train("contrastive-euclidean", [*changes, "training.workers=2"], into="two")
    require_equal(*(torch.load(r.run.best, weights_only=True) for r in (alone, two)))


def test_a_loss_that_is_no_number_ends_it_with_a_sentence(train: Train) -> None:
    changes = [*GREY, "optimiser.kind=sgd", "optimiser.learning_rate=100", "optimiser.momentum=0.9"]
    with pytest.raises(TrainingError, match=r"no longer a number|NaN or infinite") as raised:
        train("contrastive-euclidean", changes)
    assert "Lower optimiser.learning_rate" in raised.value.advice


def test_a_full_disk_leaves_the_checkpoint_before_whole(train: Train) -> None:
    changes = [*GREY, "training.accumulate=1"]
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    # A file size limit fails the write as a full disk does, with another number.
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, before[1]))
    try:
        with pytest.raises(TrainingError, match=r"best\.pth cannot be written: .*large") as raised:
            train("contrastive-euclidean", changes)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    # Nothing is there yet that `resume` could go on from.
    assert "into a new folder" in raised.value.advice


def test_a_full_disk_later_names_the_run_to_resume(tmp_path: Path) -> None:
    run = RunFolder(tmp_path / "my run")
    run.make()
    run.last.write_bytes(b"a checkpoint")
    run.best.mkdir()  # so that no file can be written there
    with pytest.raises(TrainingError) as raised:
        save(run.best, {})
    assert f"`edgeverify-train resume '{run.folder}'` goes on from it" in raised.value.advice


def test_a_want_of_memory_says_what_to_change(
    train: Train, monkeypatch: pytest.MonkeyPatch
) -> None:
    def step(_self: Loop, *_args: object) -> float:
        raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB")

    monkeypatch.setattr(loop_module.Loop, "_step", step)
    with pytest.raises(TrainingError, match="a batch of 20 pictures of 28 pixels") as raised:
        train("contrastive-euclidean", GREY)
    assert "training.batch=10" in raised.value.advice


def test_a_picture_that_is_none_is_named(
    train: Train, chips: dict[str, Path], tmp_path: Path
) -> None:
    import shutil  # noqa: PLC0415 - one test's

    copy = tmp_path / "copy"
    shutil.copytree(chips["arcface-112"], copy)
    for picture in copy.rglob("*.png"):
        if "Aaron" in picture.name or picture.name.endswith("1.png"):
            picture.write_bytes(b"not a picture")
    with pytest.raises(TrainingError, match=r"\.png cannot be trained on: .+"):
        train("contrastive-euclidean", [*GREY, f"data.folder={copy}"])


def test_other_pictures_than_before_are_refused(
    train: Train, chips: dict[str, Path], tmp_path: Path
) -> None:
    import shutil  # noqa: PLC0415 - one test's

    copy = tmp_path / "copy"
    shutil.copytree(chips["arcface-112"], copy)
    changes = [*GREY, f"data.folder={copy}", "stages.0.epochs=1"]
    done = train("contrastive-euclidean", changes)
    trained = next(p for p in sorted(copy.rglob("*.png")) if p.parent.name in
                   done.run.people.read_text(encoding="utf-8").split('"held_out"')[0])  # fmt: skip
    trained.unlink()
    with pytest.raises(TrainingError, match="are not those that"):
        train("", ["stages.0.epochs=2"], resumed=True)


def test_chips_of_another_template_are_refused(train: Train) -> None:
    with pytest.raises(ConfigError, match="were cut by arcface-112 version 1"):
        train("contrastive-euclidean", [*GREY, "feeding.template=dlib-150"])


def test_a_run_is_not_written_over(train: Train) -> None:
    train("contrastive-euclidean", [*GREY, "stages.0.epochs=1"])
    with pytest.raises(ConfigError, match="is not empty"):
        train("contrastive-euclidean", GREY)
