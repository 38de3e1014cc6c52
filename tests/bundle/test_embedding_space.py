"""One hash stands for everything that changes an embedding, and for nothing else."""

from __future__ import annotations

import hashlib
import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgeverify.bundle.embedding_space import (
    embedding_space,
    fusion_space,
    pad_space,
    weights_sha256,
)
from edgeverify.feeding.statement import Feeding

FEEDING = Feeding(
    size=112, channels="rgb", scale=1.0, mean=(127.5,) * 3, std=(127.5,) * 3, resize="area"
)
IDENTITY: dict[str, object] = {
    "weights_sha256": "ab" * 32,
    "arch": "mobilefacenet",
    "feeding": FEEDING,
    "template": "arcface-112",
    "template_version": 1,
    "mirror": "reference",
    "normalise": True,
}


def space(**changes: object) -> str:
    return embedding_space(**{**IDENTITY, **changes})  # type: ignore[arg-type]


def test_it_is_the_sha256_of_canonical_json_that_anybody_can_write_down() -> None:
    text = (
        '{"arch":"mobilefacenet","feeding":{"channels":"rgb","mean":[127.5,127.5,127.5],'
        '"resize":"area","size":112,"std":[127.5,127.5,127.5]},"mirror":"reference",'
        '"normalise":true,"template":{"name":"arcface-112","version":1},'
        f'"weights_sha256":"{"ab" * 32}"}}'
    )
    assert json.loads(text)["arch"] == "mobilefacenet"
    assert space() == hashlib.sha256(text.encode()).hexdigest()


@pytest.mark.parametrize(
    "change",
    [
        {"weights_sha256": "cd" * 32},
        {"arch": "other"},
        {"feeding": FEEDING.model_copy(update={"size": 128})},
        {"feeding": FEEDING.model_copy(update={"channels": "bgr"})},
        {"feeding": FEEDING.model_copy(update={"mean": (127.0, 127.5, 127.5)})},
        {"feeding": FEEDING.model_copy(update={"std": (128.0, 127.5, 127.5)})},
        {"feeding": FEEDING.model_copy(update={"scale": 1 / 255})},
        {"feeding": FEEDING.model_copy(update={"resize": "linear"})},
        {"template": "dlib-150"},
        {"template_version": 2},
        {"mirror": "both"},
        {"mirror": "none"},
        {"normalise": False},
        {"precision": "int8"},
    ],
)
def test_whatever_changes_an_embedding_changes_its_space(change: dict[str, object]) -> None:
    assert space(**change) != space()


def test_two_ways_to_write_one_feeding_are_one_space() -> None:
    scaled = Feeding(size=112, channels="rgb", scale=1 / 255, mean=(0.5,) * 3, std=(0.5,) * 3)
    assert space(feeding=scaled) == space()


def test_a_pad_space_depends_on_its_crops() -> None:
    one = pad_space(sources=[("ab" * 32, 2.7)], arch="a", feeding=FEEDING, live_index=1)
    two = pad_space(sources=[("ab" * 32, 4.0)], arch="a", feeding=FEEDING, live_index=1)
    assert one != two


def test_a_fusions_space_depends_on_its_parts_their_order_and_their_weights() -> None:
    parts = [("ab" * 32, 0.7), ("cd" * 32, 0.3)]
    others = [parts[::-1], [("ab" * 32, 0.6), ("cd" * 32, 0.4)], [*parts[:1], ("ef" * 32, 0.3)]]
    assert len({fusion_space(each) for each in (parts, *others)}) == 4
    text = f'{{"parts":[["{"ab" * 32}",0.7],["{"cd" * 32}",0.3]]}}'
    assert fusion_space(parts) == hashlib.sha256(text.encode()).hexdigest()


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
