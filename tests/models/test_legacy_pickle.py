"""A checkpoint is read for its numbers; whatever else it wants is refused and never run."""

from __future__ import annotations

import io
import os
import pickle
import struct
import tracemalloc
import warnings
import zipfile
from collections import OrderedDict
from pathlib import Path

import numpy as np
import pytest

from edgeverify.errors import CheckpointError
from edgeverify.models.weights import legacy_pickle
from edgeverify.models.weights.legacy_pickle import read_state_dict

HEADER = [0x1950A86A20F9469CFC6C, 1001, {"little_endian": True}]


class Call:
    """Pickles as a call of any function."""

    def __init__(self, function: object, *arguments: object) -> None:
        self.function = function
        self.arguments = arguments

    def __reduce__(self) -> tuple[object, tuple[object, ...]]:
        return self.function, self.arguments


def stream(*content: object) -> bytes:
    return b"".join(pickle.dumps(part, protocol=2) for part in (*HEADER, *content))


def archive(data_pkl: bytes, **members: bytes) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as file:
        file.writestr("model/data.pkl", data_pkl)
        for name, data in members.items():
            file.writestr(f"model/data/{name}", data)
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("function", "arguments"),
    [
        (os.system, ("touch {0}",)),
        (eval, ("open({0!r}, 'w')",)),
        (exec, ("open({0!r}, 'w')",)),
        (getattr, (OrderedDict, "fromkeys")),
        (__import__, ("antigravity",)),
    ],
)
@pytest.mark.parametrize("form", ["stream", "zip"])
def test_a_pickle_that_wants_to_run_code_is_refused_and_nothing_ran(
    tmp_path: Path, function: object, arguments: tuple[object, ...], form: str
) -> None:
    trace = tmp_path / "it-ran"
    filled = [a.format(str(trace)) if isinstance(a, str) else a for a in arguments]
    call = {"conv.weight": Call(function, *filled)}
    data = stream(call) if form == "stream" else archive(pickle.dumps(call, protocol=2))
    with pytest.raises(CheckpointError, match="wants to run"):
        read_state_dict(data)
    assert not trace.exists()


def test_code_in_the_header_is_refused_too(tmp_path: Path) -> None:
    trace = tmp_path / "it-ran"
    with pytest.raises(CheckpointError, match="wants to run"):
        read_state_dict(pickle.dumps(Call(os.system, f"touch {trace}"), protocol=2))
    assert not trace.exists()


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"PK",
        b"PK\x03\x04 not a zip",
        b"hello",
        b"\x80\x02.",
        stream(),
        stream({}, []),
        stream([1, 2], []),
        stream({"epoch": 3}, []),
        stream({1: 2}, []),
        archive(b""),
        archive(pickle.dumps({"a": 1})),
        archive(pickle.dumps("text")),
        pickle.dumps([7]),
        b"\x80\x02" + b"(" * 50_000,
        b"\x80\x04\x8e\xff\xff\xff\xff\xff\xff\xff\x7f",
    ],
)
def test_what_is_no_state_dict_is_refused_in_a_sentence(data: bytes) -> None:
    with pytest.raises(CheckpointError, match=r"checkpoint.* Only plain state dicts are read"):
        read_state_dict(data)


def tensor_pickle(
    *, count: object = 4, offset: object = 0, shape: object = (2, 2), strides: object = (2, 1)
) -> bytes:
    """What torch writes for {'w': tensor}, put together by hand so that it can be bent."""

    torch_like = b"\x80\x02}X\x01\x00\x00\x00wctorch._utils\n_rebuild_tensor_v2\n("
    body = b"(X\x07\x00\x00\x00storagectorch\nFloatStorage\nX\x01\x00\x00\x000X\x03\x00\x00\x00cpu"
    body += _value(count) + b"tQ"
    arguments = _value(offset) + _value(shape) + _value(strides) + b"\x89}tR"
    return torch_like + body + arguments + b"s."


def _value(value: object) -> bytes:
    """One value as pickle opcodes, without a frame around it."""
    return pickle.dumps(value, protocol=2)[2:-1].replace(b"q\x00", b"").replace(b"q\x01", b"")


def test_a_tensor_put_together_by_hand_is_read() -> None:
    numbers = struct.pack("<4f", 1, 2, 3, 4)
    read = read_state_dict(archive(tensor_pickle(), **{"0": numbers}))
    assert read["w"].tolist() == [[1, 2], [3, 4]]
    turned = read_state_dict(archive(tensor_pickle(strides=(1, 2)), **{"0": numbers}))
    assert turned["w"].tolist() == [[1, 3], [2, 4]]


@pytest.mark.parametrize(
    "bent",
    [
        {"shape": (3, 2)},
        {"offset": 1},
        {"offset": -1},
        {"strides": (4, 1)},
        {"strides": (-2, 1)},
        {"strides": (2,)},
        {"count": 5},
        {"count": -1},
        {"count": 1 << 40},
        {"shape": (2, "2")},
        {"shape": None},
    ],
)
def test_a_tensor_that_reaches_beyond_its_numbers_is_refused(bent: dict[str, object]) -> None:
    numbers = struct.pack("<4f", 1, 2, 3, 4)
    with pytest.raises(CheckpointError):
        read_state_dict(archive(tensor_pickle(**bent), **{"0": numbers}))


def test_a_zip_bomb_is_not_unpacked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(legacy_pickle, "_MAX_BYTES", 1 << 20)
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("model/data.pkl", tensor_pickle())
        file.writestr("model/data/0", bytes(2 << 20))
    assert len(buffer.getvalue()) < 10_000
    with pytest.raises(CheckpointError, match="more than 1 GiB"):
        read_state_dict(buffer.getvalue())


def test_the_real_checkpoints_are_read_whole(trained_models: Path) -> None:
    counts = {
        "mobilefacenet.pt": 307,
        "2.7_80x80_MiniFASNetV2.pth": 334,
        "4_0_0_80x80_MiniFASNetV1SE.pth": 370,
    }
    for name, count in counts.items():
        data = (trained_models / name).read_bytes()
        state = read_state_dict(data)
        assert len(state) == count
        for cut in (30, len(data) // 2, len(data) - 8):
            with pytest.raises(CheckpointError):
                read_state_dict(data[:cut])


@pytest.mark.export
def test_both_forms_of_torch_are_read_as_torch_reads_them(trained_models: Path) -> None:
    torch = pytest.importorskip("torch")
    original = trained_models / "mobilefacenet.pt"
    wanted = torch.load(original, weights_only=True, map_location="cpu")
    buffer = io.BytesIO()
    torch.save({"state_dict": wanted, "epoch": 3}, buffer)
    for data in (original.read_bytes(), buffer.getvalue()):
        found = read_state_dict(data)
        assert list(found) == list(wanted)
        assert all(np.array_equal(found[name], wanted[name].numpy()) for name in wanted)


def _tensor(shape: tuple[int, ...], strides: tuple[int, ...], count: int = 1) -> bytes:
    """A pickle of one tensor, whose storage of `count` floats is named, not given."""
    parts = [b"\x80\x02}X\x01\x00\x00\x00w", b"ctorch._utils\n_rebuild_tensor_v2\n("]
    parts.append(
        b"(X\x07\x00\x00\x00storagectorch\nFloatStorage\nX\x01\x00\x00\x000X\x03\x00\x00\x00cpu"
    )
    parts.append(pickle.dumps(count, protocol=2)[2:-1] + b"tQK\x00")
    parts.append(pickle.dumps(shape, protocol=2)[2:-1] + pickle.dumps(strides, protocol=2)[2:-1])
    return b"".join([*parts, b"\x89}tRs."])


BOMBS = {
    "a tensor of one number repeated": archive(_tensor((1 << 31,), (0,)), **{"0": bytes(4)}),
    "a place in memory far away": archive(b"\x80\x02}r\xff\xff\xff\x7f."),
    "bytes that are not there": archive(b"\x80\x05\x96" + struct.pack("<Q", 6 << 30) + b"."),
    "an ordered dictionary of something": archive(
        pickle.dumps(OrderedDict, protocol=2)[:-1] + b"](K\x01K\x02\x86e\x85R."
    ),
    "more steps than any network has": archive(b"\x80\x02" + b"]0" * 600_000 + b"}."),
    "an index of a gigabyte": archive(b"\x80\x02" + b"N0" * (9 << 20) + b"}."),
}


@pytest.mark.parametrize("name", BOMBS)
def test_a_small_file_takes_no_large_memory(name: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        tracemalloc.start()
        try:
            with pytest.raises(CheckpointError, match="not a readable PyTorch checkpoint"):
                read_state_dict(BOMBS[name])
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
    assert peak < (100 << 20)


def test_the_tensor_of_the_bombs_is_read_where_it_is_none() -> None:
    data = np.arange(6, dtype="<f4").tobytes()
    read = read_state_dict(archive(_tensor((2, 3), (3, 1), count=6), **{"0": data}))
    assert read["w"].tolist() == [[0, 1, 2], [3, 4, 5]]
