"""Which engine fits which device: everything that makes an engine another one."""

from __future__ import annotations

from dataclasses import asdict, dataclass

from edgeverify.bundle.canonical_json import canonical_json, sha256_of

SCHEMA = 2
"""Rises when engines are built otherwise from the same graph (2: without TF32)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Device:
    """The GPU and the software below TensorRT, as the driver names them."""

    gpu: str
    compute_capability: str
    cuda: str
    driver: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineKey:
    """What an engine was built for; engines do not travel across any of these.

    `batch` is the fixed number of chips in one inference, `size` their side in pixels.
    """

    onnx_sha256: str
    tensorrt: str
    device: Device
    precision: str
    batch: int
    size: int
    schema: int = SCHEMA

    @property
    def digest(self) -> str:
        """Hex SHA-256 of the key: the engine's file name."""
        return sha256_of(canonical_json(asdict(self)))

    def differences(self, other: EngineKey) -> tuple[str, ...]:
        """Return in words what differs from another key."""
        mine, theirs = self._flat(), other._flat()
        return tuple(
            f"{name} is {mine[name]}, the engine was built for {theirs[name]}"
            for name in mine
            if mine[name] != theirs[name]
        )

    def _flat(self) -> dict[str, object]:
        return {
            "the ONNX graph": self.onnx_sha256[:12],
            "TensorRT": self.tensorrt,
            "the GPU": self.device.gpu,
            "compute capability": self.device.compute_capability,
            "CUDA": self.device.cuda,
            "the driver": self.device.driver,
            "precision": self.precision,
            "the batch": self.batch,
            "the input side": self.size,
            "the schema": self.schema,
        }
