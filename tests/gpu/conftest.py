"""Tests on a real GPU; skipped, saying why, where there is none.

EDGEVERIFY_GPU_PARTS names what must be here (`onnxruntime`, `tensorrt`): its absence then fails.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import NoReturn

import pytest

from edgeverify.bundle.loading import Bundle, PadBundle, load_bundle, load_pad_bundle
from edgeverify.errors import RuntimeUnavailableError
from edgeverify.models.build import fetch_bundle
from edgeverify.runtime.onnxruntime.session import OnnxRuntimeSession
from edgeverify.runtime.tensorrt.device import CudaDevice
from edgeverify.runtime.tensorrt.library import TensorRt, load_tensorrt
from tests.runtime.tiny import tiny_network


def _not_here(part: str, reason: str) -> NoReturn:
    if part in os.environ.get("EDGEVERIFY_GPU_PARTS", "").split():
        pytest.fail(f"{reason}, and EDGEVERIFY_GPU_PARTS asks for {part}")
    pytest.skip(reason)


@pytest.fixture(scope="session")
def cuda_provider() -> None:
    """ONNX Runtime with CUDA, tried with a network of a few hundred numbers."""
    try:
        OnnxRuntimeSession(tiny_network(), device="cuda", precision="fp32", threads=1).close()
    except RuntimeUnavailableError as error:
        _not_here("onnxruntime", error.problem)


@pytest.fixture(scope="session")
def tensorrt() -> TensorRt:
    try:
        return load_tensorrt()
    except RuntimeUnavailableError as error:
        _not_here("tensorrt", error.problem)


@pytest.fixture
def device(tensorrt: TensorRt) -> Iterator[CudaDevice]:
    assert tensorrt.full_version
    try:
        made = CudaDevice()
    except RuntimeUnavailableError as error:
        _not_here("tensorrt", error.problem)
    yield made
    made.close()


@pytest.fixture(scope="session")
def bundle(trained_models: Path, tmp_path_factory: pytest.TempPathFactory) -> Bundle:
    """The trained MobileFaceNet with its FP16 graph; needs no torch."""
    from edgeverify_export.variants import add_half  # noqa: PLC0415

    folder = fetch_bundle("mobilefacenet", tmp_path_factory.mktemp("models"), source=trained_models)
    return add_half(load_bundle(folder))[0]


@pytest.fixture(scope="session")
def pad_bundle(trained_models: Path, tmp_path_factory: pytest.TempPathFactory) -> PadBundle:
    """The published MiniFASNets with their FP16 graphs; needs no torch."""
    from edgeverify_export.pad_half import add_pad_half  # noqa: PLC0415

    folder = fetch_bundle("minifasnet", tmp_path_factory.mktemp("models"), source=trained_models)
    return add_pad_half(load_pad_bundle(folder))[0]
