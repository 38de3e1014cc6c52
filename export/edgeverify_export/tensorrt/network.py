"""From an ONNX graph to TensorRT's network, the one way for every version."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from edgeverify.errors import RuntimeUnavailableError

if TYPE_CHECKING:
    from edgeverify.bundle.manifest import Precision
    from edgeverify.runtime.tensorrt.library import TensorRt


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What is to be built: the graph's bytes, its precision, its fixed input."""

    onnx: bytes
    precision: Precision
    batch: int
    size: int
    workspace_mebibytes: int


def creation_flags(tensorrt: TensorRt) -> int:
    """Choose the network's flags by version.

    8.x: explicit batch. 10 and later: strongly typed, so that the graph's own precision holds;
    there EXPLICIT_BATCH means nothing (10) or is gone (11).
    """
    flags = tensorrt.module.NetworkDefinitionCreationFlag
    chosen = flags.STRONGLY_TYPED if tensorrt.is_strongly_typed else flags.EXPLICIT_BATCH
    return 1 << int(chosen)


def parse(tensorrt: TensorRt, builder: Any, logger: Any, order: Order) -> Any:
    """Parse the graph; RuntimeUnavailableError with TensorRT's own reasons where it cannot."""
    trt = tensorrt.module
    network = builder.create_network(creation_flags(tensorrt))
    parser = trt.OnnxParser(network, logger)
    if not parser.parse(order.onnx):
        reasons = [parser.get_error(index).desc() for index in range(parser.num_errors)]
        raise RuntimeUnavailableError(
            f"TensorRT {tensorrt.full_version} cannot take this graph: {'; '.join(reasons[:3])}",
            advice="docs/gpu.md lists what was tried; ONNX Runtime runs it meanwhile.",
        )
    # The parser keeps memory that the network refers to until the engine is built.
    return network, parser


def configure(tensorrt: TensorRt, builder: Any, network: Any, order: Order) -> Any:
    """Make the builder's configuration: workspace, fixed shapes, FP16 flag on 8.x only."""
    trt = tensorrt.module
    config = builder.create_builder_config()
    config.set_memory_pool_limit(trt.MemoryPoolType.WORKSPACE, order.workspace_mebibytes << 20)
    # So that the engine inspector can say which precision each layer got.
    config.profiling_verbosity = trt.ProfilingVerbosity.DETAILED
    if order.precision == "fp16" and not tensorrt.is_strongly_typed:
        config.set_flag(trt.BuilderFlag.FP16)
    shape = (order.batch, 3, order.size, order.size)
    profile = builder.create_optimization_profile()
    profile.set_shape(network.get_input(0).name, shape, shape, shape)
    config.add_optimization_profile(profile)
    return config
