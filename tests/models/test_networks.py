"""The networks built from the published weights are the published networks."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnxruntime
import pytest

from edgeverify.errors import CheckpointError
from edgeverify.models.graphs.minifasnet import build_minifasnet
from edgeverify.models.graphs.mobilefacenet import build_mobilefacenet
from edgeverify.models.weights.legacy_pickle import read_state_dict
from edgeverify.models.weights.state_dict import StateDict

PAD_FILES = ["2.7_80x80_MiniFASNetV2.pth", "4_0_0_80x80_MiniFASNetV1SE.pth"]


def run(model: bytes, x: np.ndarray) -> np.ndarray:
    session = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])
    return np.asarray(session.run(None, {session.get_inputs()[0].name: x})[0])


@pytest.fixture(scope="module")
def mobilefacenet(trained_models: Path) -> dict[str, np.ndarray]:
    return read_state_dict((trained_models / "mobilefacenet.pt").read_bytes())


def test_mobilefacenet_equals_the_onnx_that_its_authors_published(
    trained_models: Path, mobilefacenet: dict[str, np.ndarray]
) -> None:
    ours = build_mobilefacenet(StateDict(mobilefacenet))
    theirs = (trained_models / "MobileFaceNet.onnx").read_bytes()
    random = np.random.default_rng(7)
    for _ in range(3):
        x = random.normal(size=(1, 3, 112, 112)).astype(np.float32)
        difference = np.abs(run(ours, x) - run(theirs, x)).max()
        assert difference < 1e-4
    assert build_mobilefacenet(StateDict(mobilefacenet)) == ours


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda s: s.pop("features.3.conv.1.0.weight"), "no features.3.conv.1.0.weight"),
        (lambda s: s.update(extra=np.zeros(3)), "1 unexpected weights: extra"),
        (lambda s: s.update({"conv3.bias": np.zeros(64)}), r"conv3.bias has the shape \(64,\)"),
        (
            lambda s: s.update({"bn.weight": np.full(128, np.nan)}),
            "bn.weight holds NaN or infinite weights",
        ),
    ],
)
def test_weights_that_do_not_fit_are_named(
    mobilefacenet: dict[str, np.ndarray], change: object, message: str
) -> None:
    state = dict(mobilefacenet)
    change(state)  # type: ignore[operator]
    with pytest.raises(CheckpointError, match=message):
        build_mobilefacenet(StateDict(state))


@pytest.mark.export
@pytest.mark.parametrize("name", PAD_FILES)
def test_minifasnet_equals_the_same_layers_in_pytorch(trained_models: Path, name: str) -> None:
    """Layer by layer with torch's own batch norm: no folding, no ONNX."""
    torch = pytest.importorskip("torch")
    functional = torch.nn.functional
    path = trained_models / name
    state = torch.load(path, weights_only=True, map_location="cpu")
    weights = {key.removeprefix("module."): value for key, value in state.items()}

    def norm(x: object, at: str) -> object:
        statistics = (weights[f"{at}.running_mean"], weights[f"{at}.running_var"])
        return functional.batch_norm(x, *statistics, weights[f"{at}.weight"], weights[f"{at}.bias"])

    def block(x: object, at: str, stride: int = 1, padding: int = 0) -> object:
        kernel = weights[f"{at}.conv.weight"]
        groups = kernel.shape[0] if kernel.shape[1] == 1 else 1
        x = norm(functional.conv2d(x, kernel, None, stride, padding, 1, groups), f"{at}.bn")
        slope = weights.get(f"{at}.prelu.weight")
        return x if slope is None else functional.prelu(x, slope)

    def depthwise(x: object, at: str, stride: int = 1) -> object:
        x = block(block(x, f"{at}.conv"), f"{at}.conv_dw", stride, 1)
        return block(x, f"{at}.project")

    def stage(x: object, at: str) -> object:
        for index in range(9):
            if f"{at}.model.{index}.project.conv.weight" not in weights:
                break
            inner = depthwise(x, f"{at}.model.{index}")
            gate_at = f"{at}.model.{index}.se_module"
            if f"{gate_at}.fc1.weight" in weights:
                gate = functional.adaptive_avg_pool2d(inner, 1)
                gate = norm(
                    functional.conv2d(gate, weights[f"{gate_at}.fc1.weight"]), f"{gate_at}.bn1"
                )
                gate = functional.conv2d(gate.relu(), weights[f"{gate_at}.fc2.weight"])
                inner = inner * norm(gate, f"{gate_at}.bn2").sigmoid()
            x = x + inner
        return x

    x = np.random.default_rng(1).uniform(0, 255, size=(2, 3, 80, 80)).astype(np.float32)
    with torch.no_grad():
        y = block(block(torch.from_numpy(x), "conv1", 2, 1), "conv2_dw", 1, 1)
        y = stage(depthwise(y, "conv_23", 2), "conv_3")
        y = stage(depthwise(y, "conv_34", 2), "conv_4")
        y = stage(depthwise(y, "conv_45", 2), "conv_5")
        y = block(block(y, "conv_6_sep"), "conv_6_dw").flatten(1)
        y = norm(functional.linear(y, weights["linear.weight"]), "bn")
        wanted = functional.linear(y, weights["prob.weight"]).numpy()
    ours = build_minifasnet(StateDict(read_state_dict(path.read_bytes())))
    assert np.abs(run(ours, x) - wanted).max() < 1e-3
    assert np.ptp(wanted) > 1


def test_the_wrong_checkpoint_for_an_arch_is_refused(
    trained_models: Path, mobilefacenet: dict[str, np.ndarray]
) -> None:
    with pytest.raises(CheckpointError, match="the checkpoint has no conv1"):
        build_minifasnet(StateDict(mobilefacenet))
    other = read_state_dict((trained_models / PAD_FILES[0]).read_bytes())
    with pytest.raises(CheckpointError, match="the checkpoint has no conv1"):
        build_mobilefacenet(StateDict(other))
