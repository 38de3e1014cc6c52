"""From a network of a bundle to an engine in the cache of this machine."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING, Any

from edgeverify.errors import EdgeverifyError, RuntimeUnavailableError
from edgeverify.runtime.tensorrt.cache import EngineCache, Miss
from edgeverify.runtime.tensorrt.session import engine_folder, engine_key, engine_source
from edgeverify_export.half import kept_single
from edgeverify_export.tensorrt.precision import constrain, demanded_share, require_precision

if TYPE_CHECKING:
    from edgeverify.bundle.manifest import Precision
    from edgeverify.progress import Progress
    from edgeverify.runtime.session import Network
    from edgeverify.runtime.tensorrt.key import Device
    from edgeverify.runtime.tensorrt.library import TensorRt


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What is to be built: the graph's bytes, its precision, its fixed input.

    `kept` names the operators that stay FP32 in an FP16 engine of TensorRT 8.x.
    """

    onnx: bytes
    precision: Precision
    batch: int
    size: int
    depth: int = 3
    workspace_mebibytes: int
    kept: tuple[str, ...] = ()


def creation_flags(tensorrt: TensorRt) -> int:
    """Choose the network's flags by version.

    8.x: explicit batch. 10 and later: strongly typed, so that the graph's own precision holds;
    there EXPLICIT_BATCH means nothing (10) or is gone (11).
    """
    flags = tensorrt.module.NetworkDefinitionCreationFlag
    chosen = flags.STRONGLY_TYPED if tensorrt.is_strongly_typed else flags.EXPLICIT_BATCH
    return 1 << int(chosen)


def parse(tensorrt: TensorRt, builder: Any, order: Order) -> Any:
    """Parse the graph; RuntimeUnavailableError with TensorRT's own reasons where it cannot."""
    trt = tensorrt.module
    network = builder.create_network(creation_flags(tensorrt))
    parser = trt.OnnxParser(network, tensorrt.logger)
    if not parser.parse(order.onnx):
        reasons = [parser.get_error(index).desc() for index in range(parser.num_errors)]
        raise RuntimeUnavailableError(
            f"TensorRT {tensorrt.full_version} cannot take this graph: {'; '.join(reasons[:3])}",
            advice="See docs/gpu.md for what was tried; ONNX Runtime runs it meanwhile.",
        )
    # The parser keeps memory that the network refers to until the engine is built.
    return network, parser


def configure(tensorrt: TensorRt, builder: Any, network: Any, order: Order) -> Any:
    """Make the builder's configuration: workspace, fixed shapes, FP16 flag on 8.x only.

    TF32 is switched off: it is on by default, keeps 10 bits of FP32's 23, and would make an FP32
    engine another network than the one that was measured.
    """
    trt = tensorrt.module
    config = builder.create_builder_config()
    config.set_memory_pool_limit(trt.MemoryPoolType.WORKSPACE, order.workspace_mebibytes << 20)
    # So that the engine inspector can say which precision each layer got.
    config.profiling_verbosity = trt.ProfilingVerbosity.DETAILED
    config.clear_flag(trt.BuilderFlag.TF32)
    if order.precision == "fp16" and not tensorrt.is_strongly_typed:
        config.set_flag(trt.BuilderFlag.FP16)
        config.set_flag(trt.BuilderFlag.OBEY_PRECISION_CONSTRAINTS)
        constrain(tensorrt, network, order.kept)
    entry = network.get_input(0)
    shape = (order.batch, order.depth, order.size, order.size)
    fixed = tuple(int(side) for side in entry.shape)
    if all(side >= 0 for side in fixed):
        # A profile belongs to open dimensions; TensorRT refuses one that differs from fixed ones.
        if fixed != shape:
            raise RuntimeUnavailableError(
                f"the graph always takes an input of {fixed}, an engine for {shape} was asked for"
            )
        return config
    profile = builder.create_optimization_profile()
    profile.set_shape(entry.name, shape, shape, shape)
    if config.add_optimization_profile(profile) < 0:
        raise RuntimeUnavailableError(f"TensorRT refuses the input {shape} for this graph")
    return config


def progress_monitor(tensorrt: TensorRt, progress: Progress) -> Any | None:
    """Make an `IProgressMonitor`, or None where this TensorRT has none (8.x)."""
    base: Any = getattr(tensorrt.module, "IProgressMonitor", None)
    if base is None:
        return None

    class Monitor(base):  # type: ignore[misc]
        """One bar a phase; TensorRT calls this from several threads."""

        def __init__(self) -> None:
            super().__init__()
            self._steps: dict[str, int] = {}

        def phase_start(self, phase_name: str, parent_phase: str | None, num_steps: int) -> None:
            """Show a phase."""
            del parent_phase
            self._steps[phase_name] = num_steps
            progress(phase_name, 0, num_steps)

        def step_complete(self, phase_name: str, step: int) -> bool:
            """Move a phase's bar; False would cancel the build."""
            progress(phase_name, step + 1, self._steps.get(phase_name, 0))
            return True

        def phase_finish(self, phase_name: str) -> None:
            """Take the bar away."""
            steps = self._steps.pop(phase_name, 0)
            progress(phase_name, steps, steps)

    return Monitor()


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
    # Before minutes are spent on what could not be kept.
    cache.prepare()
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
        depth=wanted.depth,
        workspace_mebibytes=workspace_mebibytes,
        kept=_kept(wanted, tensorrt, precision),
    )
    engine, timing = compile_engine(tensorrt, order, cache.timing(), progress)
    path = cache.store(key, engine, bundle=wanted.name)
    if timing:
        cache.store_timing(timing)
    return Built(path, reason, fresh=True)


def _kept(wanted: Network, tensorrt: TensorRt, precision: Precision) -> tuple[str, ...]:
    if precision != "fp16" or tensorrt.is_strongly_typed:
        return ()
    kept = kept_single(wanted.model_bytes("fp16"))
    if kept is None:
        raise RuntimeUnavailableError(
            f"the FP16 graph of {wanted.name} does not say which operators stay FP32, and TensorRT "
            f"{tensorrt.full_version} must be told",
            advice=f"Make it again: edgeverify-export fp16 {quote(str(wanted.folder))}.",
        )
    return kept


def compile_engine(
    tensorrt: TensorRt, order: Order, timing: bytes, progress: Progress
) -> tuple[bytes, bytes]:
    """Compile a graph; gives the engine and the new timing cache, empty where there is none.

    RuntimeUnavailableError where TensorRT cannot, ParityError where it built another precision.
    """
    builder = tensorrt.start("Builder")
    try:
        network, parser = parse(tensorrt, builder, order)
        config = configure(tensorrt, builder, network, order)
        demanded = demanded_share(tensorrt, network)
        cache = _timing_cache(config, timing)
        monitor = progress_monitor(tensorrt, progress)
        if monitor is not None:
            config.progress_monitor = monitor
        made = builder.build_serialized_network(network, config)
        del parser
    except EdgeverifyError:
        raise
    except Exception as error:
        words = (str(error).splitlines() or [type(error).__name__])[0]
        raise RuntimeUnavailableError(
            f"TensorRT {tensorrt.full_version} failed while it built the engine: {words}",
            advice="See its messages above; docs/gpu.md lists what was tried.",
        ) from error
    if made is None:
        raise RuntimeUnavailableError(
            f"TensorRT {tensorrt.full_version} could not build the engine",
            advice="See its messages above; try a larger --workspace.",
        )
    engine = bytes(made)
    require_precision(demanded, _inspect(tensorrt, engine), order.precision)
    return engine, b"" if cache is None else bytes(cache.serialize())


def _timing_cache(config: Any, timing: bytes) -> Any | None:
    """Begin with the timings of earlier builds, unless another TensorRT or GPU made them.

    TensorRT gives None for what it cannot read. None where it takes no cache at all: the build is
    slower then, and right.
    """
    for data in (timing, b"") if timing else (b"",):
        cache = config.create_timing_cache(data)
        if cache is not None and config.set_timing_cache(cache, ignore_mismatch=False):
            return cache
    return None


def _inspect(tensorrt: TensorRt, engine: bytes) -> str:
    loaded = tensorrt.start("Runtime").deserialize_cuda_engine(engine)
    if loaded is None:
        raise RuntimeUnavailableError("TensorRT cannot load the engine that it has just built")
    inspector = loaded.create_engine_inspector()
    return str(inspector.get_engine_information(tensorrt.module.LayerInformationFormat.JSON))
