"""One engine with its buffers: named tensors, fixed shapes, everything allocated once."""

from __future__ import annotations

from typing import Any

import numpy as np

from edgeverify.errors import RuntimeUnavailableError
from edgeverify.feeding.preprocessing import Batch
from edgeverify.runtime.tensorrt.device import Buffer, CudaDevice
from edgeverify.runtime.tensorrt.library import TensorRt

_GRAPH_TOLERANCE = 1e-6


class LoadedEngine:
    """A deserialised engine, used by the thread that owns `device`."""

    def __init__(
        self,
        tensorrt: TensorRt,
        device: CudaDevice,
        engine: bytes,
        *,
        shape: tuple[int, int, int, int],
        cuda_graph: bool = False,
    ) -> None:
        """`shape` is the fixed input (batch, 3, size, size).

        RuntimeUnavailableError where TensorRT refuses the engine or its tensors do not fit.
        """
        trt = tensorrt.module
        self._device = device
        self._runtime = tensorrt.start("Runtime")
        self._engine = self._runtime.deserialize_cuda_engine(engine)
        if self._engine is None:
            raise RuntimeUnavailableError(
                "TensorRT refuses the engine", advice="Build it again: edgeverify-export engine."
            )
        self._context = self._engine.create_execution_context()
        if self._context is None:
            raise RuntimeUnavailableError("TensorRT has no memory for the engine")
        self._buffers: list[Buffer] = []
        self._graph: Any | None = None
        try:
            self._input, self._output = self._tensors(trt, shape)
        except BaseException:
            self.close()
            raise
        self.batch = shape[0]
        self.graph_remark = "CUDA graph off"
        if cuda_graph:
            self._graph, self.graph_remark = self._record()

    def infer(self, batch: Batch) -> Batch:
        """Infer exactly `self.batch` chips: float32 (b, 3, size, size) to (b, d)."""
        np.copyto(self._input.host, batch)
        self._device.to_device(self._input)
        if self._graph is not None:
            self._device.launch(self._graph)
        else:
            self._start()
        self._device.to_host(self._output)
        self._device.wait()
        return np.array(self._output.host, dtype=np.float32)

    def close(self) -> None:
        """Let go of graph, context, buffers, engine and runtime, in this order."""
        if self._graph is not None:
            self._device.forget(self._graph)
        self._graph = None
        self._context = None
        for buffer in self._buffers:
            self._device.free(buffer)
        self._buffers.clear()
        self._engine = None
        self._runtime = None

    def _tensors(self, trt: Any, shape: tuple[int, int, int, int]) -> tuple[Buffer, Buffer]:
        engine, context = self._engine, self._context
        names = [engine.get_tensor_name(index) for index in range(engine.num_io_tensors)]
        inputs = [n for n in names if engine.get_tensor_mode(n) == trt.TensorIOMode.INPUT]
        outputs = [n for n in names if n not in inputs]
        if len(inputs) != 1 or len(outputs) != 1:
            raise RuntimeUnavailableError(f"the engine has the tensors {names}, not one of each")
        if not context.set_input_shape(inputs[0], shape):
            raise RuntimeUnavailableError(f"the engine does not take the input {shape}")
        made = []
        for name in (inputs[0], outputs[0]):
            if engine.get_tensor_dtype(name) != trt.DataType.FLOAT:
                raise RuntimeUnavailableError(f"the engine's {name} is not float32")
            sides = tuple(int(side) for side in context.get_tensor_shape(name))
            buffer = self._device.allocate(sides, np.dtype(np.float32))
            self._buffers.append(buffer)
            if not context.set_tensor_address(name, int(buffer.device)):
                raise RuntimeUnavailableError(f"TensorRT refuses the memory of {name}")
            made.append(buffer)
        return made[0], made[1]

    def _start(self) -> None:
        if not self._context.execute_async_v3(self._device.stream_handle):
            raise RuntimeUnavailableError("TensorRT could not start the inference")

    def _record(self) -> tuple[Any | None, str]:
        """Record one inference as a CUDA graph; kept only if it gives the same answer."""
        generator = np.random.default_rng(3)
        probe = generator.normal(size=self._input.host.shape).astype(np.float32)
        # TensorRT sets up what it needs in a first inference, which must not be recorded.
        plain = self.infer(probe)
        try:
            graph = self._device.record(self._start)
        except Exception as error:  # noqa: BLE001 - tensorrt raises many types
            words = error.problem if isinstance(error, RuntimeUnavailableError) else str(error)
            return None, f"CUDA graph not used: {words}"
        self._graph = graph
        recorded = self.infer(probe + 0)
        other = self.infer(-probe)
        self._graph = None
        difference = float(np.abs(recorded - plain).max())
        if not difference <= _GRAPH_TOLERANCE or np.array_equal(other, recorded):
            self._device.forget(graph)
            return None, f"CUDA graph not used: its answer is off by {difference:.2g}"
        return graph, "CUDA graph in use"
