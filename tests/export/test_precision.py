"""Which precision an engine has: demanded by the parsed network, said by NVIDIA's inspector."""

from __future__ import annotations

import json

import pytest
from edgeverify_export.tensorrt.precision import built_share, require_precision

from edgeverify.errors import ParityError

SINGLE = "Row major linear FP32"


def layer(
    weights: str | None = None,
    *,
    inputs: str | None = None,
    outputs: str = SINGLE,
    tactic: str = "",
    kind: str = "CaskConvolution",
    name: str = "conv",
) -> dict[str, object]:
    said: dict[str, object] = {
        "Name": name,
        "LayerType": kind,
        "Inputs": [{"Format/Datatype": inputs}] if inputs else [],
        "Outputs": [{"Format/Datatype": outputs}],
        "TacticName": tactic,
    }
    return said if weights is None else {**said, "Weights": {"Type": weights, "Count": 9}}


def information(*layers: dict[str, object]) -> str:
    return json.dumps({"Layers": layers, "Bindings": ["input", "embedding"]})


def test_one_fused_layer_that_ends_in_fp32_is_a_right_fp16_engine() -> None:
    """It computes in FP16 and writes the float32 output: outputs say nothing."""
    fused = information(layer("Half", inputs="Half", outputs=SINGLE))
    assert built_share(fused) == 1.0
    assert "100% of layers" in require_precision(1.0, fused, "fp16")


def test_a_layer_says_its_precision_by_weights_kernel_or_inputs() -> None:
    said = information(
        layer("Half"),
        layer("Float"),
        layer(tactic="sm80_xmma_fprop_implicit_gemm_f16f16_f16f32_f32_nhwckrsc_nhwc"),
        layer(tactic="sm80_xmma_fprop_implicit_gemm_f32f32_f32f32_f32_nhwckrsc_nchw"),
        layer(inputs="Channel major FP16 format where channel % 8 == 0", kind="PointWiseV2"),
        layer(inputs=SINGLE, kind="PointWiseV2"),
    )
    assert built_share(said) == pytest.approx(0.5)


def test_layers_that_move_numbers_do_not_count() -> None:
    said = information(
        layer(inputs=SINGLE, kind="Reformat"),
        layer(inputs=SINGLE, kind="NoOp"),
        layer("Half"),
    )
    assert built_share(said) == 1.0


def test_one_layer_that_holds_the_whole_network_says_nothing() -> None:
    """A strongly typed build keeps the parsed network's types, which are heard instead."""
    whole = information(
        layer(inputs=SINGLE, kind="Myelin", name="{ForeignNode[conv...output]}"),
    )
    assert built_share(whole) is None
    assert "says nothing" in require_precision(1.0, whole, "fp16")
    assert "says nothing" in require_precision(0.0, whole, "fp32")
    with pytest.raises(ParityError, match="only 0% of its convolutions"):
        require_precision(0.0, whole, "fp16")
    with pytest.raises(ParityError, match="FP32 engine was asked for"):
        require_precision(1.0, whole, "fp32")


def test_a_silent_fp32_engine_is_caught() -> None:
    built = information(layer("Float", inputs=SINGLE), layer("Float", inputs="Half"))
    with pytest.raises(ParityError, match="only 0% of its layers compute in FP16"):
        require_precision(1.0, built, "fp16")
    with pytest.raises(ParityError, match="only 0% of its convolutions"):
        require_precision(0.0, built, "fp16")


def test_a_silent_fp16_engine_is_caught() -> None:
    with pytest.raises(ParityError, match="FP32 engine was asked for"):
        require_precision(0.0, information(layer("Half"), layer("Float")), "fp32")


@pytest.mark.parametrize(
    "said", ["", "not json", "{}", '{"Layers": []}', '{"Layers": ["name", "only"]}', "[]"]
)
def test_an_inspector_that_says_nothing_shows_nothing(said: str) -> None:
    assert built_share(said) is None
