"""Reading `.pth` and `.pt` files without torch, and without running what is in them.

Both forms that torch has written are read: the stream of pickles before torch 1.6 and the zip
archive since. The unpickler knows tensors, their storages and ordered dictionaries; any other
name in the file is an error, so nothing in it is ever imported or called. Source of the format:
torch/serialization.py and torch/_utils.py.
"""

from __future__ import annotations

import io
import math
import pickle
import pickletools
import zipfile
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edgeverify.errors import CheckpointError

Array = NDArray[np.generic]

_MAGIC = 0x1950A86A20F9469CFC6C
_PROTOCOL = 1001
_DTYPES = {
    "FloatStorage": "<f4",
    "DoubleStorage": "<f8",
    "HalfStorage": "<f2",
    "LongStorage": "<i8",
    "IntStorage": "<i4",
    "ShortStorage": "<i2",
    "CharStorage": "<i1",
    "ByteStorage": "<u1",
    "BoolStorage": "|b1",
}
_MAX_BYTES = 1 << 30
_MAX_PICKLE_BYTES = 16 << 20
"""Of the part that names the tensors; that of a thousand layers has some 200 KB."""
_MAX_STEPS = 1_000_000
_COUNTED = {"BYTEARRAY8", "BINBYTES8", "BINUNICODE8", "FRAME"}
"""Steps that may ask for any amount of memory before a byte of it is read."""
_UNSAFE = (
    "Only plain state dicts are read (torch.save(model.state_dict(), path)): tensors by name. "
    "Do not load this file elsewhere unless you trust who made it."
)


@dataclass(slots=True)
class _Storage:
    """A storage of which only type, key and length are known; its bytes come later."""

    dtype: np.dtype[np.generic]
    key: str
    count: int


@dataclass(slots=True)
class _Tensor:
    """A view into a storage."""

    storage: _Storage
    offset: int
    shape: tuple[int, ...]
    strides: tuple[int, ...]

    def over(self, data: bytes) -> Array:
        """Lay the tensor over its storage's bytes; ValueError where it reaches over the end."""
        flat = np.frombuffer(data, dtype=self.storage.dtype, count=self.storage.count)
        sides = zip(self.shape, self.strides, strict=True)
        last = self.offset + sum((side - 1) * stride for side, stride in sides)
        if math.prod(self.shape) > self.storage.count:
            raise ValueError("a tensor is larger than its storage")
        if 0 in self.shape:
            return np.zeros(self.shape, dtype=flat.dtype)
        if min((self.offset, *self.shape, *self.strides, 0)) < 0 or last >= flat.size:
            raise ValueError("a tensor reaches over the end of its storage")
        steps = [stride * flat.itemsize for stride in self.strides]
        return np.array(np.lib.stride_tricks.as_strided(flat[self.offset :], self.shape, steps))


def _rebuild_tensor(
    storage: object, offset: object, shape: object, strides: object, *_: object
) -> _Tensor:
    if not isinstance(storage, _Storage) or not isinstance(offset, int):
        raise pickle.UnpicklingError("a malformed tensor")
    return _Tensor(storage, offset, _integers(shape), _integers(strides))


def _integers(value: object) -> tuple[int, ...]:
    if not isinstance(value, tuple) or not all(type(side) is int for side in value):
        raise pickle.UnpicklingError("a malformed tensor")
    return value


def _rebuild_parameter(tensor: object, *_: object) -> object:
    return tensor


def _ordered_dict() -> OrderedDict[object, object]:
    """Make an empty one, as torch does; what is in it is put there item by item."""
    return OrderedDict()


_ALLOWED: dict[tuple[str, str], Callable[..., object]] = {
    ("torch._utils", "_rebuild_tensor"): _rebuild_tensor,
    ("torch._utils", "_rebuild_tensor_v2"): _rebuild_tensor,
    ("torch._utils", "_rebuild_parameter"): _rebuild_parameter,
    ("collections", "OrderedDict"): _ordered_dict,
}


@dataclass(frozen=True, slots=True)
class _StorageType:
    dtype: str


class _TensorsOnly(pickle.Unpickler):
    """An unpickler that resolves nothing but tensors."""

    def find_class(self, module: str, name: str) -> object:
        """Resolve a name; CheckpointError on any that a state dict does not need."""
        if module == "torch" and name in _DTYPES:
            return _StorageType(_DTYPES[name])
        allowed = _ALLOWED.get((module, name))
        if allowed is None:
            raise CheckpointError(
                f"the checkpoint wants to run {module}.{name}, which is refused", advice=_UNSAFE
            )
        return allowed

    def persistent_load(self, pid: object) -> _Storage:
        """Resolve a storage by ('storage', type, key, device, length, ...)."""
        if not (isinstance(pid, tuple) and len(pid) >= 5 and pid[0] == "storage"):
            raise pickle.UnpicklingError("a malformed storage")
        kind, key, count = pid[1], pid[2], pid[4]
        if not (isinstance(kind, _StorageType) and isinstance(key, str) and type(count) is int):
            raise pickle.UnpicklingError("a malformed storage")
        if len(pid) > 5 and pid[5] is not None:
            raise pickle.UnpicklingError("views of storages are not read")
        if not 0 <= count <= _MAX_BYTES:
            raise pickle.UnpicklingError("a storage larger than 1 GiB")
        return _Storage(np.dtype(kind.dtype), key, count)


def read_state_dict(data: bytes) -> dict[str, Array]:
    """Read a plain state dict from a file's bytes: arrays by name, in the file's order.

    Also where it stands under `state_dict`, `model` or `model_state_dict`. CheckpointError on
    anything else: another kind of file, a truncated one, or one that wants to run code.
    """
    try:
        content, storages = _zip(data) if data[:2] == b"PK" else _stream(data)
        return _named(content, storages)
    except CheckpointError:
        raise
    except Exception as error:  # noqa: BLE001 - a hostile pickle can raise anything at all
        raise CheckpointError(
            f"not a readable PyTorch checkpoint ({type(error).__name__}: {error})", advice=_UNSAFE
        ) from None


def _stream(data: bytes) -> tuple[object, Mapping[str, bytes]]:
    stream = io.BytesIO(data)
    if _load(stream) != _MAGIC or _load(stream) != _PROTOCOL:
        raise CheckpointError("not a PyTorch checkpoint", advice=_UNSAFE)
    _load(stream)  # the writing machine's byte order and sizes
    content = _load(stream)
    keys = _load(stream)
    sizes = {tensor.storage.key: tensor.storage for tensor in _tensors(content)}
    storages: dict[str, bytes] = {}
    if not isinstance(keys, list):
        raise ValueError("a malformed list of storages")  # noqa: TRY004 - a file's fault
    for key in keys:
        count = int.from_bytes(stream.read(8), "little", signed=True)
        storage = sizes.get(key)
        if storage is None or count != storage.count:
            raise ValueError("the storages do not fit the tensors")
        raw = stream.read(count * storage.dtype.itemsize)
        if len(raw) != count * storage.dtype.itemsize:
            raise ValueError("truncated")
        storages[key] = raw
    return content, storages


def _zip(data: bytes) -> tuple[object, Mapping[str, bytes]]:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        members = {info.filename: info for info in archive.infolist()}
        if sum(info.file_size for info in members.values()) > _MAX_BYTES:
            raise ValueError("unpacks to more than 1 GiB")
        index = next(name for name in members if name.rpartition("/")[2] == "data.pkl")
        root = index.removesuffix("data.pkl")
        if members[index].file_size > _MAX_PICKLE_BYTES:
            raise ValueError("its index is far larger than a state dict's")
        content = _load(io.BytesIO(archive.read(index)))
        keys = {tensor.storage.key for tensor in _tensors(content)}
        return content, {key: archive.read(f"{root}data/{key}") for key in keys}


def _load(stream: io.BytesIO) -> object:
    _look_through(stream)
    return _TensorsOnly(stream).load()


def _look_through(stream: io.BytesIO) -> None:
    """Refuse a pickle whose steps would take memory out of all proportion; ValueError.

    Looking makes nothing. Among the steps are places in the unpickler's memory: it makes room for
    all below the highest one.
    """
    begin, size = stream.tell(), stream.getbuffer().nbytes
    for number, (step, argument, place) in enumerate(pickletools.genops(stream)):
        if number > _MAX_STEPS or (place or 0) - begin > _MAX_PICKLE_BYTES:
            raise ValueError("far more steps than a state dict needs")
        if step.name in {"LONG_BINPUT", "PUT"} and not 0 <= int(argument or 0) <= _MAX_STEPS:
            raise ValueError("it asks for memory that a state dict does not need")
        is_long = isinstance(argument, int) and step.name in _COUNTED and argument > size
        if is_long:
            raise ValueError("it is truncated, or asks for memory that it does not fill")
    stream.seek(begin)


def _tensors(content: object) -> list[_Tensor]:
    if isinstance(content, _Tensor):
        return [content]
    if isinstance(content, dict):
        return [tensor for value in content.values() for tensor in _tensors(value)]
    return []


def _named(content: object, storages: Mapping[str, bytes]) -> dict[str, Array]:
    for wrapper in ("state_dict", "model_state_dict", "model"):
        if isinstance(content, dict) and isinstance(content.get(wrapper), dict):
            content = content[wrapper]
    if not isinstance(content, dict) or not content:
        raise CheckpointError("the checkpoint holds no weights by name", advice=_UNSAFE)
    arrays: dict[str, Array] = {}
    total = 0
    for name, value in content.items():
        if not isinstance(name, str) or not isinstance(value, _Tensor):
            raise CheckpointError(
                f"the checkpoint's entry {name!r:.80} is not a tensor", advice=_UNSAFE
            )
        total += math.prod(value.shape) * value.storage.dtype.itemsize
        if total > _MAX_BYTES:
            raise ValueError("its tensors take more than 1 GiB")
        arrays[name] = value.over(storages[value.storage.key])
    return arrays
