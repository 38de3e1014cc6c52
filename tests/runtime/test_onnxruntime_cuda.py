"""ONNX Runtime's CUDA provider, on a fake that offers what its GPU package does."""

from __future__ import annotations

import inspect
import sys
from types import ModuleType
from typing import Any

import onnxruntime
import pytest

from edgeverify.errors import RuntimeUnavailableError
from edgeverify.runtime.onnxruntime.session import OnnxRuntimeSession
from tests.runtime.tiny import tiny_network

CUDA, CPU = "CUDAExecutionProvider", "CPUExecutionProvider"


class GpuPackage(ModuleType):
    """`onnxruntime-gpu`: CUDA is there for a session only once its libraries are loaded."""

    def __init__(self) -> None:
        super().__init__("onnxruntime")
        self.libraries_by_pip = True
        self.loaded = False
        self.asked: list[Any] = []
        self.SessionOptions = onnxruntime.SessionOptions
        outer = self

        class InferenceSession:
            def __init__(self, model: bytes, options: Any, *, providers: list[Any]) -> None:
                assert model
                assert options is not None
                outer.asked = providers
                self._taken = [CUDA, CPU] if outer.loaded else [CPU]

            def get_providers(self) -> list[str]:
                return self._taken

            def get_inputs(self) -> list[Any]:
                return onnxruntime.InferenceSession(tiny_network(), providers=[CPU]).get_inputs()

        self.InferenceSession = InferenceSession

    def get_available_providers(self) -> list[str]:
        return [CUDA, CPU]

    def preload_dlls(self) -> None:
        if self.libraries_by_pip:
            self.loaded = True
        else:
            print("Failed to load libcudnn.so.9: cannot open shared object file")  # noqa: T201


@pytest.fixture
def package(monkeypatch: pytest.MonkeyPatch) -> GpuPackage:
    made = GpuPackage()
    monkeypatch.setitem(sys.modules, "onnxruntime", made)
    return made


def opened() -> OnnxRuntimeSession:
    return OnnxRuntimeSession(tiny_network(), device="cuda", precision="fp16", threads=1)


def test_libraries_that_pip_installed_are_loaded_first(package: GpuPackage) -> None:
    assert opened().name == "onnxruntime-cuda"
    assert package.loaded


def test_cuda_comes_first_and_computes_without_tf32(package: GpuPackage) -> None:
    opened()
    assert package.asked == [
        (CUDA, {"use_tf32": "0", "cudnn_conv_algo_search": "HEURISTIC"}),
        CPU,
    ]


def test_a_missing_library_is_named_and_not_printed(
    package: GpuPackage, capsys: pytest.CaptureFixture[str]
) -> None:
    package.libraries_by_pip = False
    with pytest.raises(RuntimeUnavailableError, match=r"silently took CPU.*libcudnn\.so\.9"):
        opened()
    assert capsys.readouterr().out == ""


def test_a_library_that_breaks_while_it_is_loaded_is_named(
    package: GpuPackage, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(_package: GpuPackage) -> None:
        raise OSError("libcudart.so.13: invalid ELF header")

    monkeypatch.setattr(GpuPackage, "preload_dlls", broken)
    with pytest.raises(RuntimeUnavailableError, match=r"silently took CPU.*invalid ELF header"):
        opened()
    package.loaded = True
    assert opened().name == "onnxruntime-cuda", "the system's own may do"


def test_a_package_before_1_21_needs_no_loading(
    package: GpuPackage, monkeypatch: pytest.MonkeyPatch
) -> None:
    package.loaded = True
    monkeypatch.delattr(GpuPackage, "preload_dlls")
    assert opened().name == "onnxruntime-cuda"


def test_the_real_package_has_the_function_as_it_is_called() -> None:
    preload = getattr(onnxruntime, "preload_dlls", None)
    if preload is None:
        assert tuple(map(int, onnxruntime.__version__.split(".")[:2])) < (1, 21)
    else:
        inspect.signature(preload).bind()
