"""TensorRT's own module, as much as our code sees of it, over a device made of numpy.

What the real builder refuses is refused, as `parsed.refused` and the classes below say.
"""

from __future__ import annotations

import json
from types import ModuleType
from typing import TYPE_CHECKING, Any

import onnx

from tests.runtime.tensorrt_surface.cuda_driver import MEMORY
from tests.runtime.tensorrt_surface.parsed import computing, inspected, layer, refused
from tests.runtime.tensorrt_surface.strict import strict_module

if TYPE_CHECKING:
    from tests.runtime.tensorrt_surface.gpu import Gpu


def fake_tensorrt(gpu: Gpu, version: str) -> ModuleType:
    module: Any = None

    class Logger:
        WARNING = 2

        def __init__(self, min_severity: Any = None) -> None:
            gpu.loggers += 1
            self._severity = min_severity

    class IHostMemory:
        def __init__(self, data: bytes = b"") -> None:
            self._data = data

        def __bytes__(self) -> bytes:
            return self._data

    class ITensor:
        name = "input"
        dtype = None
        shape = ()

    class ILayer:
        name = ""
        type = None
        num_outputs = 1
        _precision: Any = None
        _output: Any = None
        _forced: Any = None

        @property
        def precision(self) -> Any:
            return self._precision

        @precision.setter
        def precision(self, value: Any) -> None:
            self._precision = value

        @property
        def precision_is_set(self) -> bool:
            return self._precision is not None

        def get_output(self, index: int) -> Any:
            return (self._output,)[index]

        def set_output_type(self, index: int, dtype: Any) -> None:
            assert index == 0
            self._forced = dtype

    class ParserError:
        def desc(self) -> str:
            return "operator Magic is not supported"

    class INetworkDefinition:
        num_layers = 0
        _flags = 0
        _input: Any = None
        _layers: tuple[Any, ...] = ()

        def get_input(self, index: int) -> Any:
            assert index == 0
            return self._input

        def get_layer(self, index: int) -> Any:
            return self._layers[index]

    class OnnxParser:
        num_errors = 1

        def __init__(self, network: Any, logger: Any) -> None:
            self._network = network

        def parse(self, model: bytes, path: str | None = None) -> bool:
            graph = onnx.load_model_from_string(model).graph
            entry = module.ITensor()
            sides = graph.input[0].type.tensor_type.shape.dim
            entry.shape = tuple(s.dim_value if s.HasField("dim_value") else -1 for s in sides)
            layers = [layer(module, graph, node) for node in graph.node]
            if gpu.loses_names:
                for position, one in enumerate(layers):
                    one.name = f"(Unnamed Layer* {position})"
            self._network._input = entry
            self._network._layers = tuple(layers)
            self._network.num_layers = len(layers)
            return not gpu.parse_fails

        def get_error(self, index: int) -> Any:
            return module.ParserError()

    class IOptimizationProfile:
        _shape: tuple[int, ...] = ()

        def set_shape(self, input: str, min: Any, opt: Any, max: Any) -> None:  # noqa: A002
            assert min == opt == max
            self._shape = tuple(min)
            gpu.note(f"profile {input} {tuple(min)}")

    class ITimingCache:
        def serialize(self) -> Any:
            return module.IHostMemory(b"timing")

    class IBuilderConfig:
        profiling_verbosity = None
        progress_monitor = None

        def __init__(self) -> None:
            self._flags: list[str] = ["TF32"]
            self._profiles: list[Any] = []

        def set_memory_pool_limit(self, pool: Any, pool_size: int) -> None:
            gpu.note(f"{pool.name} {pool_size}")

        def set_flag(self, flag: Any) -> None:
            self._flags.append(flag.name)

        def clear_flag(self, flag: Any) -> None:
            self._flags = [name for name in self._flags if name != flag.name]

        def add_optimization_profile(self, profile: Any) -> int:
            self._profiles.append(profile)
            return len(self._profiles) - 1

        def create_timing_cache(self, serialized_timing_cache: bytes) -> Any:
            gpu.note(f"timing cache of {len(serialized_timing_cache)} bytes")
            foreign = gpu.foreign_timing and serialized_timing_cache
            return None if foreign else module.ITimingCache()

        def set_timing_cache(self, cache: Any, ignore_mismatch: bool) -> bool:  # noqa: FBT001
            assert cache is not None, "the real set_timing_cache takes no None"
            assert not ignore_mismatch, "timings of another device are no timings of this one"
            return not gpu.refuses_timing

    class Builder:
        def __init__(self, logger: Any) -> None:
            if gpu.driver_too_old:
                raise TypeError("pybind11::init(): factory function returned nullptr")

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
            arithmetic = [one for one in network._layers if one.type in computing(module)]
            if not strong and "OBEY_PRECISION_CONSTRAINTS" in config._flags:
                assert "FP16" in config._flags, "HALF is demanded, the FP16 flag is not set"
            half = (
                any(one._output.dtype == module.DataType.HALF for one in arithmetic)
                if strong
                else "FP16" in config._flags
            )
            reason = refused(network, config)
            monitor = getattr(config, "progress_monitor", None)
            if monitor is not None:
                monitor.phase_start("Building", None, 2)
                monitor.phase_start("Tactics", "Building", 1)
                assert monitor.step_complete("Tactics", 0)
                monitor.phase_finish("Tactics")
                monitor.phase_finish("Building")
            facts = {"half": half and not gpu.ignores_precision, "strong": strong,
                     "detailed": config.profiling_verbosity == module.ProfilingVerbosity.DETAILED,
                     "flags": config._flags, "batch": network._input.shape[0],
                     "single": [one.name for one in network._layers
                                if getattr(one, "precision", None) == module.DataType.FLOAT
                                and one._forced == module.DataType.FLOAT]}  # fmt: skip
            gpu.built.append(facts)
            if reason is not None:
                gpu.note(f"refused: {reason}")
                return None
            return None if gpu.build_fails else module.IHostMemory(json.dumps(facts).encode())

    class EngineInspector:
        _half = False
        _detailed = False

        def get_engine_information(self, format: Any) -> str:  # noqa: A002
            assert format == module.LayerInformationFormat.JSON
            fused, detailed = gpu.one_fused_layer, self._detailed
            return json.dumps(inspected(half=self._half, fused=fused, detailed=detailed))

    class IExecutionContext:
        def __init__(self) -> None:
            self._shape: tuple[int, ...] = ()
            self._addresses: dict[str, int] = {}
            self._fixed = -1
            self._is_set_up = False  # a first inference does what no recording may hold

        def set_input_shape(self, name: str, shape: Any) -> bool:
            self._shape = tuple(shape)
            return name == "input" and self._fixed in {-1, self._shape[0]}

        def get_tensor_shape(self, name: str) -> tuple[int, ...]:
            return self._shape if name == "input" else (self._shape[0], 3)

        def set_tensor_address(self, name: str, memory: int) -> bool:
            self._addresses[name] = memory
            return True

        def execute_async_v3(self, stream_handle: int) -> bool:
            gpu.note("execute")
            assert stream_handle == 7
            if gpu.recording:
                gpu.replay = self._compute
                if gpu.raises_while_recording or not self._is_set_up:
                    raise RuntimeError("cudaErrorStreamCaptureImplicit")
                return not gpu.refuses_while_recording
            self._compute()
            self._is_set_up = True
            return not gpu.execute_fails

        def _compute(self) -> None:
            given = MEMORY[self._addresses["input"]].reshape(self._shape)
            answer = given.mean(axis=(2, 3)) + 0.01 * given[:, :, 0, 0]
            MEMORY[self._addresses["embedding"]][:] = answer.ravel()

    class ICudaEngine:
        num_io_tensors = 2
        _half = False
        _detailed = False
        _fixed = -1

        def get_tensor_name(self, index: int) -> str:
            return ("input", "embedding")[index]

        def get_tensor_mode(self, name: str) -> Any:
            mode = module.TensorIOMode
            return mode.INPUT if name == "input" else mode.OUTPUT

        def get_tensor_dtype(self, name: str) -> Any:
            return module.DataType.FLOAT

        def create_execution_context(self) -> Any:
            context = module.IExecutionContext()
            context._fixed = self._fixed
            return context

        def create_engine_inspector(self) -> Any:
            inspector = module.EngineInspector()
            inspector._half = self._half
            inspector._detailed = self._detailed
            return inspector

    class Runtime:
        def __init__(self, logger: Any) -> None:
            if gpu.driver_too_old:
                raise TypeError("pybind11::init(): factory function returned nullptr")

        def deserialize_cuda_engine(self, serialized_engine: bytes) -> Any:
            try:
                facts = json.loads(serialized_engine)
            except ValueError:
                return None
            engine = module.ICudaEngine()
            engine._half = facts["half"]
            engine._detailed = facts["detailed"]
            engine._fixed = facts["batch"]
            return engine

    class IProgressMonitor:
        def __init__(self) -> None:
            pass

    if version.startswith("8"):
        del IBuilderConfig.progress_monitor
    if version.startswith("11"):
        del ILayer.precision, ILayer.precision_is_set, ILayer.set_output_type
    behaviours = {name: kind for name, kind in locals().items() if isinstance(kind, type)}
    module = strict_module(version, behaviours)
    return module
