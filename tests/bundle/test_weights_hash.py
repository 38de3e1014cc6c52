"""The identity of weights: what they are, not the file that they came in."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgeverify.bundle.weights_hash import weights_sha256

TENSORS = {
    "conv.weight": np.arange(24, dtype=np.float32).reshape(2, 3, 2, 2),
    "conv.bias": np.array([0.5, -1], np.float32),
    "norm.num_batches_tracked": np.array(7, np.int64),
}


@given(order=st.permutations(sorted(TENSORS)))
def test_neither_order_nor_layout_nor_byte_order_matter(order: list[str]) -> None:
    wanted = weights_sha256(TENSORS)
    assert weights_sha256({name: TENSORS[name] for name in order}) == wanted
    swapped = {
        name: np.asarray(each, order="F").astype(each.dtype.newbyteorder(">"))
        for name, each in TENSORS.items()
    }
    assert weights_sha256(swapped) == wanted


def test_every_name_type_shape_and_number_matters() -> None:
    changed = [
        {**TENSORS, "conv.bias": np.array([0.5, -1.0000001], np.float32)},
        {**TENSORS, "conv.bias": np.array([0.5, -1], np.float64)},
        {**TENSORS, "conv.weight": TENSORS["conv.weight"].reshape(2, 3, 4)},
        {**{k: v for k, v in TENSORS.items() if k != "conv.bias"}, "bias": TENSORS["conv.bias"]},
        {k: v for k, v in TENSORS.items() if k != "norm.num_batches_tracked"},
    ]
    hashes = {weights_sha256(TENSORS), *(weights_sha256(each) for each in changed)}
    assert len(hashes) == len(changed) + 1


def test_a_known_hash_stays() -> None:
    # Written down once: a change of the rule would make strangers of all references.
    assert weights_sha256(TENSORS) == (
        "88b0113a77aaf7221cef9dd1d035a75880d8663b0ab35b3129f9ebae79163cd5"
    )


def test_what_holds_no_numbers_has_no_identity() -> None:
    with pytest.raises(ValueError, match="without a tensor"):
        weights_sha256({})
    with pytest.raises(ValueError, match="not numbers"):
        weights_sha256({"names": np.array(["a"])})
