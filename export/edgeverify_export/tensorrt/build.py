"""From a network of a bundle to an engine in the cache of this machine."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from edgeverify.errors import RuntimeUnavailableError
from edgeverify.runtime.tensorrt.cache import EngineCache, Miss
from edgeverify.runtime.tensorrt.session import engine_folder, engine_key, engine_source
from edgeverify_export.tensorrt.monitor import progress_monitor
from edgeverify_export.tensorrt.network import Order, configure, parse
from edgeverify_export.tensorrt.precision import require_precision

if TYPE_CHECKING:
    from edgeverify.bundle.manifest import Precision
    from edgeverify.progress import Progress
    from edgeverify.runtime.network import Network
    from edgeverify.runtime.tensorrt.key import Device
    from edgeverify.runtime.tensorrt.library import TensorRt


@dataclass(frozen=True, slots=True)
class Built:
    """An engine in the cache; `reason` says why it was built, or that it was there."""

    path: Path
    reason: str
    fresh: bool


def build_engine(
    wanted: Network,
    tensorrt: TensorRt,
    device: Device,
    *,
    precision: Precision,
    workspace_mebibytes: int,
    progress: Progress,
    again: bool = False,
) -> Built:
    """Build the engine for this device unless a fitting one is there.

    RuntimeUnavailableError or ParityError store nothing.
    """
    cache = EngineCache(engine_folder(wanted))
    key = engine_key(wanted, tensorrt, device, precision)
    found = cache.load(key, bundle=wanted.name)
    if not isinstance(found, Miss) and not again:
        return Built(cache.folder / f"{key.digest}.engine", "it fits this device", fresh=False)
    reason = found.reason if isinstance(found, Miss) else "asked for again"
    order = Order(
        onnx=engine_source(wanted, tensorrt, precision),
        precision=precision,
        batch=key.batch,
        size=key.size,
        workspace_mebibytes=workspace_mebibytes,
    )
    engine, timing = compile_engine(tensorrt, order, cache.timing(), progress)
    path = cache.store(key, engine, bundle=wanted.name)
    if timing:
        cache.store_timing(timing)
    return Built(path, reason, fresh=True)


def compile_engine(
    tensorrt: TensorRt, order: Order, timing: bytes, progress: Progress
) -> tuple[bytes, bytes]:
    """Compile a graph; gives the engine and the new timing cache.

    RuntimeUnavailableError where TensorRT cannot, ParityError where it built another precision.
    """
    trt = tensorrt.module
    logger = trt.Logger(trt.Logger.WARNING)
    builder = trt.Builder(logger)
    network, parser = parse(tensorrt, builder, logger, order)
    config = configure(tensorrt, builder, network, order)
    cache = _timing_cache(config, timing)
    monitor = progress_monitor(tensorrt, progress)
    if monitor is not None:
        config.progress_monitor = monitor
    made = builder.build_serialized_network(network, config)
    del parser
    if made is None:
        raise RuntimeUnavailableError(
            f"TensorRT {tensorrt.full_version} could not build the engine",
            advice="Its messages stand above; try a larger --workspace.",
        )
    engine = bytes(made)
    require_precision(_inspect(tensorrt, logger, engine), order.precision)
    return engine, bytes(cache.serialize())


def _timing_cache(config: Any, timing: bytes) -> Any:
    cache = config.create_timing_cache(timing)
    if not config.set_timing_cache(cache, ignore_mismatch=False):
        # It was made by another TensorRT or on another GPU: begin anew.
        cache = config.create_timing_cache(b"")
        config.set_timing_cache(cache, ignore_mismatch=False)
    return cache


def _inspect(tensorrt: TensorRt, logger: Any, engine: bytes) -> str:
    trt = tensorrt.module
    loaded = trt.Runtime(logger).deserialize_cuda_engine(engine)
    if loaded is None:
        raise RuntimeUnavailableError("TensorRT cannot load the engine that it has just built")
    inspector = loaded.create_engine_inspector()
    return str(inspector.get_engine_information(trt.LayerInformationFormat.JSON))
