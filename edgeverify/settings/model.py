"""`model:`: which network the door runs, and on what."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from edgeverify.settings.section import Section

DEFAULT_BUNDLE = "sface"
"""The model of a door that names none; made when it is first needed."""


class ModelSettings(Section):
    """The model bundle and its inference back end."""

    bundle: str = DEFAULT_BUNDLE
    """A name from `edgeverify models list`, or the path of a bundle folder. `model: NAME` alone is
    the short form."""
    accept_weak: bool = False
    """Let the door run a bundle that is marked as no good at a door (`edgeverify models list`)."""
    runtime: Literal["auto", "tensorrt", "onnxruntime-cuda", "onnxruntime-cpu"] = "auto"
    """`auto` takes the first that works, in this order, and says which; a named one must work,
    for the liveness networks too."""
    precision: Literal["auto", "fp32", "fp16", "int8"] = "auto"
    """`auto`: FP16 on a GPU, FP32 on a CPU, as the liveness networks always; the setting is the
    embedder's."""
    threads: int = Field(default=0, ge=0, le=64)
    """CPU threads for one inference; 0: as many as there are cores, at most 4."""
    cuda_graph: bool = False
    """TensorRT: record the inference once and replay it; used only if it gives the same answer."""
    owner_key_file: str = ""
    """Ed25519 public key (PEM). When set, only bundles signed by it are accepted."""
    pad_bundle: str = "minifasnet"
    """The presentation attack detection bundle: a name or a folder; used when installed."""
