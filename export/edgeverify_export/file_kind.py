"""What a file is that is not a model, by its content: so that the error can say it."""

from __future__ import annotations

import tarfile
import zipfile
from collections.abc import Sequence
from pathlib import Path

import onnx

from edgeverify.errors import CheckpointError

_STATE_DICT = "Save model.state_dict() with torch.save, or as safetensors."
_KERAS = (
    "Convert it with tf2onnx and take `edgeverify-export adopt`: docs/export.md. PyTorch's are "
    ".pt, .pth, .ckpt and .safetensors."
)
_IR = "Convert it with openvino2onnx and take `edgeverify-export adopt`: docs/export.md."
_UNPACK = "Unpack it, and give the file that is in it."
_TO_ONNX = (
    "Make an ONNX graph of the network with its own framework, and take `edgeverify-export adopt`: "
    "docs/export.md."
)
_WEIGHTS = "Give the file with the weights."
_BEGINNINGS: tuple[tuple[bytes, str, str], ...] = (
    (b"\x89HDF", "is a Keras or HDF5 file", _KERAS),
    (
        b"version https://git-lfs",
        "is a pointer that Git LFS left in place of the file",
        "Run: git lfs pull",
    ),
    (b"<!doctype html", "is a web page, not a model", "Download the file itself again."),
    (b"<html", "is a web page, not a model", "Download the file itself again."),
    (b"<?xml", "is an XML file: an OpenVINO IR begins like that", _IR),
    (b"\x1f\x8b", "is compressed (gzip)", _UNPACK),
    (b"bzh", "is compressed (bzip2)", _UNPACK),
    (b"\xfd7zxz", "is compressed (xz)", _UNPACK),
    (b"\x28\xb5\x2f\xfd", "is compressed (zstd)", _UNPACK),
    (b"7z\xbc\xaf", "is a 7z archive", _UNPACK),
    (b"rar!", "is a RAR archive", _UNPACK),
    (b"\xff\xd8\xff", "is a picture (JPEG)", _WEIGHTS),
    (b"\x89PNG", "is a picture (PNG)", _WEIGHTS),
    (b"%PDF", "is a document (PDF)", _WEIGHTS),
    (b"7767517\n", "is the layers of an ncnn network", _TO_ONNX),
    (b"\x12\x01\x00\x00\x00\x00\x00\x00", "is MXNet's parameters", _TO_ONNX),
    (b"\x93numpy", "is one array of NumPy's, without names", _STATE_DICT),
)


def refuse_other_kinds(path: Path, head: bytes) -> None:
    """Raise CheckpointError where the content is of a kind that is known and no checkpoint.

    `head` is the file's beginning.
    """
    lower = head.lower()
    for beginning, what, advice in _BEGINNINGS:
        if lower.startswith(beginning.lower()):
            raise CheckpointError(f"{path} {what}", advice=advice)
    if head[4:8] == b"TFL3":
        raise CheckpointError(
            f"{path} is a TensorFlow Lite graph", advice="Give the network that it was made from."
        )
    if head.lstrip().startswith(b"{") and head[8:9] != b"{":
        raise CheckpointError(
            f"{path} is JSON, not weights",
            advice="Where it lists several safetensors files, load them into the model and save "
            "its state_dict() as one.",
        )
    if head.startswith(b"PK") and zipfile.is_zipfile(path):
        _refuse_archive(path)
    if not head.startswith((b"PK", b"\x80")) and tarfile.is_tarfile(path):
        raise CheckpointError(
            f"{path} is a tar archive",
            advice="Unpack it, and give the checkpoint that is in it. A checkpoint of PyTorch 0.1 "
            "is one too: load it with that PyTorch and save its state_dict() again.",
        )


def is_graph(path: Path, head: bytes) -> bool:
    """Return whether a file is an ONNX graph, whatever its name; `head` is its beginning."""
    if not head.startswith(_VERSION_OF_IR):
        return False
    try:
        return bool(onnx.load_model_from_string(path.read_bytes()).graph.node)
    except Exception:  # noqa: BLE001 - protobuf's error has no stable, typed home
        return False


_VERSION_OF_IR = b"\x08"
"""The field that ONNX's writers begin with; other formats of protobuf begin with it too."""


def refuse_folder(path: Path, wanted: str = "checkpoint file") -> None:
    """Raise CheckpointError that says what a folder in a checkpoint's place is."""
    if (path / "saved_model.pb").is_file():
        raise CheckpointError(f"{path} is a SavedModel of TensorFlow", advice=_KERAS)
    if (path / ".metadata").is_file() or next(path.glob("*.distcp"), None) is not None:
        raise CheckpointError(
            f"{path} is a distributed checkpoint of PyTorch, in pieces",
            advice="Run: python -m torch.distributed.checkpoint.format_utils dcp_to_torch "
            f"{path} joined.pt",
        )
    raise CheckpointError(f"{path} is a folder", advice=f"Give the {wanted} in it.")


def _refuse_archive(path: Path) -> None:
    with zipfile.ZipFile(path) as archive:
        names = archive.namelist()
    if _has(names, "constants.pkl") and any("/code/" in name for name in names):
        raise CheckpointError(
            f"{path} is a TorchScript archive: a program, to be opened only where it is trusted",
            advice='Run: python -c "import torch; torch.save(torch.jit.load('
            f"'{path}', 'cpu').state_dict(), 'weights.pt')\"",
        )
    if _has(names, "data.pkl"):
        return
    if _has(names, "serialized_exported_program.json") or _has(names, "archive_format"):
        raise CheckpointError(
            f"{path} is an exported program of PyTorch (torch.export)", advice=_STATE_DICT
        )
    if _has(names, "model.weights.h5"):
        raise CheckpointError(f"{path} is a Keras model", advice=_KERAS)
    if all(name.endswith(".npy") for name in names):
        raise CheckpointError(f"{path} holds arrays of NumPy's", advice=_STATE_DICT)
    raise CheckpointError(
        f"{path} is a zip archive with {names[0] if names else 'nothing'} in it", advice=_UNPACK
    )


def _has(names: Sequence[str], wanted: str) -> bool:
    return any(name.rpartition("/")[2] == wanted for name in names)
