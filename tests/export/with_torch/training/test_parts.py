"""Losses, samplers, optimisers and schedules, each against what it is written to be."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np
import pytest
import torch
from edgeverify_train.chance import draws
from edgeverify_train.gallery import PairShown, Side, write_gallery
from edgeverify_train.losses.modules import AdaFace, Targets
from edgeverify_train.losses.table import TrainingLoss
from edgeverify_train.networks.freezing import freeze
from edgeverify_train.optimisation import Schedule, optimiser_of, turn
from edgeverify_train.pictures import as_on_a_card
from edgeverify_train.recipe import load_recipe
from edgeverify_train.recipe.loss import LossSettings, SamplerSettings
from edgeverify_train.recipe.recipe import NetworkSettings, OptimiserSettings, ScheduleSettings
from edgeverify_train.reporting.report import view_of
from edgeverify_train.samplers import batches_of, make_pairs, read_pairs, write_pairs
from PIL import Image

from edgeverify.errors import ConfigError

pytestmark = pytest.mark.export

LABELS = [person for person in range(6) for _ in range(5)]
LOSSES = (
    *((kind, mining) for kind in ("triplet", "contrastive")
      for mining in ("none", "semi-hard", "hard")),
    *((kind, "") for kind in ("bce", "arcface", "cosface", "sub-centre-arcface", "adaface")),
)  # fmt: skip


def two_groups(spread: float) -> tuple[torch.Tensor, Targets]:
    """Four pictures each of two people, `spread` around two places; of length about 4."""
    torch.manual_seed(5)
    places = torch.eye(8)[:2].repeat_interleave(4, dim=0) * 4
    rows = (places + spread * torch.randn(8, 8)).requires_grad_()
    return rows, Targets(labels=torch.tensor([0] * 4 + [1] * 4))


@pytest.mark.parametrize(("kind", "mining"), LOSSES)
def test_every_loss_pulls_people_together(kind: str, mining: str) -> None:
    stated: dict[str, object] = {"kind": kind}
    if mining:
        stated |= {"mining": mining, "margin": 0.5}
    torch.manual_seed(2)
    loss = TrainingLoss(LossSettings.model_validate(stated), 2, 8)
    rows, targets = two_groups(3.0)
    optimiser = torch.optim.Adam([rows, *loss.parameters()], 0.05)
    before = mixed(rows)
    for _ in range(60):
        optimiser.zero_grad()
        found = loss(rows, targets)
        assert torch.isfinite(found)
        found.backward()
        optimiser.step()
    assert mixed(rows) > before


def mixed(rows: torch.Tensor) -> float:
    """How much nearer a person's own pictures are than the other's, by cosine."""
    unit = torch.nn.functional.normalize(rows.detach())
    cosine = unit @ unit.T
    own = (cosine[:4, :4].mean() + cosine[4:, 4:].mean()) / 2
    return float(own - cosine[:4, 4:].mean())


def test_contrastive_is_hadsells() -> None:
    loss = TrainingLoss(
        LossSettings(kind="contrastive", distance="euclidean", margin=2.0),
        people=2,
        embedding_size=2,
    )
    rows = torch.tensor([[0.0, 0.0], [0.6, 0.8], [0.0, 0.0], [0.0, 0.5]])
    # One mated pair at distance 1, one non-mated at 0.5.
    targets = Targets(labels=torch.tensor([0, 0, 0, 1]), paired=True)
    assert float(loss(rows, targets)) == pytest.approx((1.0 + (2 - 0.5) ** 2) / 2, abs=1e-4)


def test_adaface_asks_less_of_a_poor_picture() -> None:
    """A mean norm gives CosFace's margin and ArcFace's none; a small norm moves them apart."""
    loss = AdaFace(3, 4, margin=0.4, scale=16.0, concentration=0.333).eval()
    with torch.no_grad():
        loss.centres.copy_(torch.eye(3, 4))
        loss.norm_mean.fill_(10.0)
        loss.norm_deviation.fill_(2.0)
    loss.requires_grad_(False)  # noqa: FBT003 - torch's own name for it
    direction = torch.tensor([[0.8, 0.6, 0.0, 0.0]])
    label = torch.tensor([0])
    cosines = torch.tensor([0.8 - 0.4, 0.6, 0.0])
    expected = -torch.log_softmax(16.0 * cosines, dim=0)[0]
    assert float(loss(10 * direction, label)) == pytest.approx(float(expected), abs=1e-3)
    assert float(loss(4 * direction, label)) != pytest.approx(float(expected), abs=1e-2)


def test_m_per_class_holds_so_many_of_each() -> None:
    settings = SamplerSettings(kind="m-per-class", pictures=3)
    made = batches_of(0, LABELS, settings, batch=9, seed=1)
    assert made == batches_of(0, LABELS, settings, batch=9, seed=1)
    assert made != batches_of(1, LABELS, settings, batch=9, seed=1)
    for batch in made:
        assert sorted(Counter(LABELS[number] for number in batch).values()) == [3, 3, 3]
    with pytest.raises(ConfigError, match="cannot hold 3 pictures"):
        batches_of(0, LABELS, settings, batch=10, seed=1)


def test_p_x_k_gives_every_person_a_turn() -> None:
    settings = SamplerSettings(kind="p-x-k", people=3, pictures=2)
    made = batches_of(4, LABELS, settings, batch=32, seed=1)
    assert [len(batch) for batch in made] == [6, 6]
    turns = Counter(LABELS[number] for batch in made for number in batch)
    assert turns == dict.fromkeys(range(6), 2)
    with pytest.raises(ConfigError, match=r"sampler\.people is 9, and 6 people"):
        batches_of(0, LABELS, SamplerSettings(kind="p-x-k", people=9), batch=32, seed=1)


def test_pairs_are_half_mated_saved_and_read_again(tmp_path: Path) -> None:
    pairs = make_pairs(LABELS, 60, seed=1)
    assert sum(pair.mated for pair in pairs) == 30
    assert len(set(pairs)) == 60
    assert all((LABELS[a] == LABELS[b]) == mated for a, b, mated in pairs)
    pictures = [tmp_path / str(LABELS[n]) / f"{n}.png" for n in range(len(LABELS))]
    write_pairs(tmp_path / "pairs.csv", pairs, pictures, tmp_path)
    assert read_pairs(tmp_path / "pairs.csv", pictures, tmp_path) == pairs
    (tmp_path / "pairs.csv").write_text("first,second,mated\n0/0.png,0/1.png,yes\n")
    with pytest.raises(ConfigError, match=r"pairs\.csv:2: a pair is two paths"):
        read_pairs(tmp_path / "pairs.csv", pictures, tmp_path)


OPTIMISERS = (
    "adam", "adamw", "sgd", "rmsprop", "ranger", "adamw-schedule-free", "sgd-schedule-free",
    "radam-schedule-free",
)  # fmt: skip


@pytest.mark.parametrize("kind", OPTIMISERS)
def test_every_optimiser_finds_the_bottom(kind: str) -> None:
    torch.manual_seed(0)
    network = torch.nn.Linear(4, 1)
    rate = {"sgd": 0.01, "rmsprop": 0.01, "radam-schedule-free": 0.3}.get(kind, 0.05)
    settings = OptimiserSettings.model_validate({"kind": kind, "learning_rate": rate})
    optimiser = optimiser_of(settings, network, torch.nn.Identity())
    inputs = torch.randn(64, 4)
    wanted = inputs @ torch.tensor([[1.0], [-2.0], [0.5], [3.0]]) + 0.7

    def miss() -> torch.Tensor:
        return torch.nn.functional.mse_loss(network(inputs), wanted)

    first = float(miss().detach())
    turn(optimiser, training=True)
    for _ in range(200):
        optimiser.zero_grad()
        loss = miss()
        loss.backward()
        optimiser.step()
    turn(optimiser, training=False)
    assert float(miss().detach()) < first / 10


def shares(settings: ScheduleSettings, at: tuple[int, ...]) -> list[float]:
    optimiser = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], 1.0)
    schedule = Schedule(settings, optimiser, steps=10, epochs=10)
    return [round(schedule.share(step), 4) for step in at]


def test_schedules_fall_as_they_say() -> None:
    cosine = ScheduleSettings(kind="cosine", warm_up_epochs=2, floor=0.0)
    assert shares(cosine, (0, 10, 20, 60, 100)) == [0.01, 0.505, 1.0, 0.5, 0.0]
    step = ScheduleSettings(kind="step", every_epochs=3, gamma=0.1)
    assert shares(step, (0, 29, 30, 60)) == [1.0, 1.0, 0.1, 0.01]
    exponential = ScheduleSettings(kind="exponential", gamma=0.5)
    assert shares(exponential, (0, 9, 10, 25)) == [1.0, 1.0, 0.5, 0.25]


def test_a_plateau_lets_the_rate_fall_once_nothing_gets_better() -> None:
    optimiser = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], 1.0)
    settings = ScheduleSettings(kind="plateau", patience=1, gamma=0.5)
    schedule = Schedule(settings, optimiser, steps=1, epochs=9)
    rates = []
    for epoch, figure in enumerate((0.9, 0.8, 0.8, 0.8, 0.7), start=1):
        schedule.before_step(epoch - 1)
        schedule.after_epoch(epoch, figure)
        rates.append(schedule.rate)
    assert rates == [1.0, 1.0, 1.0, 0.5, 0.5]


def test_a_share_or_a_name_keeps_layers() -> None:
    def network() -> torch.nn.Module:
        return torch.nn.Sequential(*(torch.nn.Linear(2, 2) for _ in range(10)))

    last = freeze(network(), NetworkSettings(train_last=0.1))
    assert last.trained == ("9.weight", "9.bias")
    named = freeze(network(), NetworkSettings(frozen=("[0-7].*",)))
    assert named.trained == ("8.weight", "8.bias", "9.weight", "9.bias")
    with pytest.raises(ConfigError, match="the name of no parameter"):
        freeze(network(), NetworkSettings(frozen=("body.*",)))
    with pytest.raises(ConfigError, match="leaves nothing to train"):
        freeze(network(), NetworkSettings(frozen=("*",)))


@pytest.mark.parametrize(
    ("labels", "said"),
    [([0, 0, 1, 1], "4 pictures of 2 people make"), ([0] * 5, "5 pictures make")],
    ids=["of people", "without labels"],
)
def test_too_few_pictures_for_a_batch_are_counted_as_what_they_are(
    labels: list[int], said: str
) -> None:
    with pytest.raises(ConfigError, match=said):
        batches_of(0, labels, SamplerSettings(), batch=8, seed=1)


def test_a_card_is_drawn_by_its_seed_and_is_still_the_picture() -> None:
    rows, columns = np.indices((112, 112))
    chip = np.stack([rows, columns, (rows + columns) // 2], axis=2).astype(np.uint8)
    card = as_on_a_card(chip, draws(1, "card"))
    assert card.shape == chip.shape
    assert card.dtype == np.uint8
    assert (card == as_on_a_card(chip, draws(1, "card"))).all()
    assert (card != as_on_a_card(chip, draws(2, "card"))).any()
    assert np.corrcoef(card[:, :, 0].ravel(), chip[:, :, 0].ravel())[0, 1] > 0.8


@pytest.mark.parametrize(
    ("recipe", "is_grey"), [("contrastive-euclidean", True), ("mobilefacenet-adaface", False)]
)
def test_a_gallery_of_chips_shows_what_the_network_sees(
    recipe: str, tmp_path: Path, *, is_grey: bool
) -> None:
    """A network of grey pictures at 28 pixels did not tell two people apart by a red hat."""
    chip = np.zeros((112, 112, 3), np.uint8)
    chip[:40] = 220, 30, 30
    Image.fromarray(chip).save(tmp_path / "chip.png")
    side = Side(path=tmp_path / "chip.png", words="chip.png")
    view = view_of(load_recipe(recipe, ["data.folder=chips"]))
    assert view(chip).shape == ((28, 28, 3) if is_grey else (112, 112, 3))
    shown = PairShown(first=side, second=side, words="")
    write_gallery(tmp_path / "pairs.png", [shown], "pairs", view=view)
    with Image.open(tmp_path / "pairs.png") as picture:
        colours = np.asarray(picture.convert("RGB")).astype(int)
    assert (np.ptp(colours, axis=2).max() == 0) == is_grey
