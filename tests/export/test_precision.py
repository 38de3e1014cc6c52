"""Which precision an engine has, as NVIDIA's inspector says it."""

from __future__ import annotations

import json

import pytest
from edgeverify_export.tensorrt.precision import half_share, require_precision

from edgeverify.errors import ParityError


def information(*formats: str) -> str:
    layers = [{"Name": "x", "Outputs": [{"Format/Datatype": one}]} for one in formats]
    return json.dumps({"Layers": layers, "Bindings": ["input", "embedding"]})


def test_both_spellings_of_half_are_known() -> None:
    mixed = information(
        "Channel major FP16 format where channel % 8 == 0", "Half", "Row major linear FP32", "Int64"
    )
    assert half_share(mixed) == pytest.approx(2 / 3)
    assert require_precision(mixed, "fp16") == pytest.approx(2 / 3)


def test_a_silent_fp32_engine_is_caught() -> None:
    with pytest.raises(ParityError, match="only 0%"):
        require_precision(information("Row major linear FP32", "Float"), "fp16")


def test_a_silent_fp16_engine_is_caught() -> None:
    with pytest.raises(ParityError, match="FP32 engine was asked for"):
        require_precision(information("Half", "Float"), "fp32")


@pytest.mark.parametrize(
    "said", ["", "not json", "{}", '{"Layers": []}', '{"Layers": ["name", "only"]}', "[]"]
)
def test_an_inspector_that_says_nothing_is_no_pass(said: str) -> None:
    with pytest.raises(ParityError, match="cannot be asserted"):
        require_precision(said, "fp16")
