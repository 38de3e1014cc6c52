"""A GPU made of numpy: TensorRT's behaviour and pycuda's, as much as our code sees of them.

Engines compute the mean of each colour plane, so that answers depend on every chip.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from types import ModuleType
from typing import Any

import numpy as np
import onnx

from tests.runtime.tensorrt_surface.strict import strict_module

MEMORY: dict[int, np.ndarray[Any, np.dtype[np.float32]]] = {}


class Gpu:
    """What happened on the fake device, and how it should misbehave."""

    def __init__(self, version: str) -> None:
        self.calls: list[str] = []
        self.threads: set[int] = set()
        self.built: list[dict[str, Any]] = []
        self.ignores_precision = False
        self.parse_fails = False
        self.build_fails = False
        self.wrong_graph = False
        self.refuses_timing = False
        self.execute_fails = False
        self.replay: Callable[[], None] = lambda: None
        self.tensorrt = _tensorrt(self, version)
        self.cuda = _cuda(self)

    def note(self, what: str) -> None:
        self.calls.append(what)
        self.threads.add(threading.get_ident())


def _tensorrt(gpu: Gpu, version: str) -> ModuleType:
    module: Any = None

    class Logger:
        WARNING = 2

        def __init__(self, min_severity: Any = None) -> None:
            self._severity = min_severity

    class IHostMemory:
        def __init__(self, data: bytes = b"") -> None:
            self._data = data

        def __bytes__(self) -> bytes:
            return self._data

    class ITensor:
        name = "input"

    class ParserError:
        def desc(self) -> str:
            return "operator Magic is not supported"

    class INetworkDefinition:
        _half = False
        _flags = 0

        def get_input(self, index: int) -> Any:
            assert index == 0
            return module.ITensor()

    class OnnxParser:
        num_errors = 1

        def __init__(self, network: Any, logger: Any) -> None:
            self._network = network

        def parse(self, model: bytes, path: str | None = None) -> bool:
            kinds = {t.data_type for t in onnx.load_model_from_string(model).graph.initializer}
            self._network._half = onnx.TensorProto.FLOAT16 in kinds
            return not gpu.parse_fails

        def get_error(self, index: int) -> Any:
            return module.ParserError()

    class IOptimizationProfile:
        def set_shape(self, input: str, min: Any, opt: Any, max: Any) -> None:  # noqa: A002
            assert min == opt == max
            gpu.note(f"profile {input} {tuple(min)}")

    class ITimingCache:
        def serialize(self) -> Any:
            return module.IHostMemory(b"timing")

    class IBuilderConfig:
        profiling_verbosity = None
        progress_monitor = None

        def __init__(self) -> None:
            self._flags: list[str] = []

        def set_memory_pool_limit(self, pool: Any, pool_size: int) -> None:
            gpu.note(f"{pool.name} {pool_size}")

        def set_flag(self, flag: Any) -> None:
            self._flags.append(flag.name)

        def add_optimization_profile(self, profile: Any) -> int:
            return 0

        def create_timing_cache(self, serialized_timing_cache: bytes) -> Any:
            gpu.note(f"timing cache of {len(serialized_timing_cache)} bytes")
            return module.ITimingCache()

        def set_timing_cache(self, cache: Any, ignore_mismatch: bool) -> bool:  # noqa: FBT001
            return not gpu.refuses_timing

    class Builder:
        def __init__(self, logger: Any) -> None:
            pass

        def create_network(self, flags: int = 0) -> Any:
            network = module.INetworkDefinition()
            network._flags = flags
            return network

        def create_builder_config(self) -> Any:
            return module.IBuilderConfig()

        def create_optimization_profile(self) -> Any:
            return module.IOptimizationProfile()

        def build_serialized_network(self, network: Any, config: Any) -> Any:
            flags = module.NetworkDefinitionCreationFlag
            strong = hasattr(flags, "STRONGLY_TYPED") and network._flags == 1 << int(
                flags.STRONGLY_TYPED
            )
            half = network._half if strong else "FP16" in config._flags
            monitor = getattr(config, "progress_monitor", None)
            if monitor is not None:
                monitor.phase_start("Building", None, 2)
                monitor.phase_start("Tactics", "Building", 1)
                assert monitor.step_complete("Tactics", 0)
                monitor.phase_finish("Tactics")
                monitor.phase_finish("Building")
            facts = {"half": half and not gpu.ignores_precision, "strong": strong,
                     "flags": config._flags}  # fmt: skip
            gpu.built.append(facts)
            return None if gpu.build_fails else module.IHostMemory(json.dumps(facts).encode())

    class EngineInspector:
        _half = False

        def get_engine_information(self, format: Any) -> str:  # noqa: A002
            assert format == module.LayerInformationFormat.JSON
            kind = "Half" if self._half else "Float"
            layer = {"Name": "conv", "Outputs": [{"Name": "v", "Format/Datatype": kind}]}
            shape = {"Name": "shape", "Outputs": [{"Name": "s", "Format/Datatype": "Int32"}]}
            return json.dumps({"Layers": [layer, layer, shape]})

    class IExecutionContext:
        def __init__(self) -> None:
            self._shape: tuple[int, ...] = ()
            self._addresses: dict[str, int] = {}

        def set_input_shape(self, name: str, shape: Any) -> bool:
            self._shape = tuple(shape)
            return name == "input"

        def get_tensor_shape(self, name: str) -> tuple[int, ...]:
            return self._shape if name == "input" else (self._shape[0], 3)

        def set_tensor_address(self, name: str, memory: int) -> bool:
            self._addresses[name] = memory
            return True

        def execute_async_v3(self, stream_handle: int) -> bool:
            gpu.note("execute")
            gpu.replay = self._compute
            self._compute()
            return not gpu.execute_fails

        def _compute(self) -> None:
            given = MEMORY[self._addresses["input"]].reshape(self._shape)
            answer = given.mean(axis=(2, 3)) + 0.01 * given[:, :, 0, 0]
            MEMORY[self._addresses["embedding"]][:] = answer.ravel()

    class ICudaEngine:
        num_io_tensors = 2
        _half = False

        def get_tensor_name(self, index: int) -> str:
            return ("input", "embedding")[index]

        def get_tensor_mode(self, name: str) -> Any:
            mode = module.TensorIOMode
            return mode.INPUT if name == "input" else mode.OUTPUT

        def get_tensor_dtype(self, name: str) -> Any:
            return module.DataType.FLOAT

        def create_execution_context(self) -> Any:
            return module.IExecutionContext()

        def create_engine_inspector(self) -> Any:
            inspector = module.EngineInspector()
            inspector._half = self._half
            return inspector

    class Runtime:
        def __init__(self, logger: Any) -> None:
            pass

        def deserialize_cuda_engine(self, serialized_engine: bytes) -> Any:
            try:
                facts = json.loads(serialized_engine)
            except ValueError:
                return None
            engine = module.ICudaEngine()
            engine._half = facts["half"]
            return engine

    class IProgressMonitor:
        def __init__(self) -> None:
            pass

    if version.startswith("8"):
        del IBuilderConfig.progress_monitor
    behaviours = {name: kind for name, kind in locals().items() if isinstance(kind, type)}
    module = strict_module(version, behaviours)
    return module


def _cuda(gpu: Gpu) -> Any:
    class Memory:
        def __init__(self, size: int) -> None:
            self.address = max(MEMORY, default=4096) + 4096
            MEMORY[self.address] = np.zeros(size // 4, np.float32)

        def __int__(self) -> int:
            return self.address

        def free(self) -> None:
            gpu.note("free")
            del MEMORY[self.address]

    class Context:
        def push(self) -> None:
            gpu.note("push")

        def pop(self) -> None:
            gpu.note("pop")

        def detach(self) -> None:
            gpu.note("detach")

    class Graph:
        def instantiate(self) -> Graph:
            return self

        def launch(self, stream: Any) -> None:
            gpu.note("launch")
            gpu.replay()
            if gpu.wrong_graph:
                for address in MEMORY:
                    MEMORY[address] += 1

    class Stream:
        handle = 7

        def synchronize(self) -> None:
            gpu.note("wait")

        def begin_capture(self) -> None:
            gpu.note("capture")

        def end_capture(self) -> Graph:
            return Graph()

    class Handle:
        def retain_primary_context(self) -> Context:
            gpu.note("retain")
            return Context()

        def compute_capability(self) -> tuple[int, int]:
            return 8, 7

        def name(self) -> str:
            return "Orin"

    class Cuda:
        Stream = None

        def init(self) -> None:
            gpu.note("init")

        def Device(self, index: int) -> Handle:  # noqa: N802 - pycuda's name
            assert index == 0
            return Handle()

        def get_version(self) -> tuple[int, int, int]:
            return 12, 6, 0

        def get_driver_version(self) -> int:
            return 12060

        def pagelocked_empty(self, shape: Any, dtype: Any) -> Any:
            return np.empty(shape, dtype)

        def mem_alloc(self, size: int) -> Memory:
            return Memory(size)

        def memcpy_htod_async(self, device: Memory, host: Any, stream: Any) -> None:
            MEMORY[device.address][:] = host.ravel()

        def memcpy_dtoh_async(self, host: Any, device: Memory, stream: Any) -> None:
            host.ravel()[:] = MEMORY[device.address]

    cuda = Cuda()
    cuda.Stream = Stream  # type: ignore[assignment]
    return cuda
