"""Engines on disk: private, authenticated, written whole or not at all.

An engine is native code that TensorRT runs unchecked, so it is only ever read from this folder
(0700, ours), and only if its HMAC fits the secret that lies there (0600). That stops a damaged
file, one copied from another machine and one placed by a user without rights to the folder; who
may write there as the door's user owns the door anyway.
"""

from __future__ import annotations

import hmac
import os
import secrets
import stat
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from edgeverify.atomic_file import write_whole
from edgeverify.bundle.canonical_json import canonical_json
from edgeverify.errors import BundleError
from edgeverify.folder_listing import entries
from edgeverify.runtime.tensorrt.key import Device, EngineKey

_SECRET = ".hmac-key"  # noqa: S105 - a file name
_SECRET_BYTES = 32
_TIMING = "timing.cache"
_MAX_HEADER_BYTES = 16384


class _DeviceHeader(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)
    gpu: str
    compute_capability: str
    cuda: str
    driver: str


class _Header(BaseModel):
    """The JSON line in front of the engine's bytes."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)
    kind: Literal["edgeverify-engine"] = "edgeverify-engine"
    onnx_sha256: str
    tensorrt: str
    device: _DeviceHeader
    precision: str
    batch: int
    size: int
    schema_number: int
    bundle: str

    @classmethod
    def of(cls, key: EngineKey, bundle: str) -> _Header:
        device = key.device
        return cls(
            onnx_sha256=key.onnx_sha256,
            tensorrt=key.tensorrt,
            device=_DeviceHeader(
                gpu=device.gpu,
                compute_capability=device.compute_capability,
                cuda=device.cuda,
                driver=device.driver,
            ),
            precision=key.precision,
            batch=key.batch,
            size=key.size,
            schema_number=key.schema,
            bundle=bundle,
        )

    @property
    def key(self) -> EngineKey:
        return EngineKey(
            onnx_sha256=self.onnx_sha256,
            tensorrt=self.tensorrt,
            device=Device(**self.device.model_dump()),
            precision=self.precision,
            batch=self.batch,
            size=self.size,
            schema=self.schema_number,
        )


@dataclass(frozen=True, slots=True)
class Miss:
    """Why there is no engine to use, in words; `advice` is what to do, where it isn't to build."""

    reason: str
    advice: str = ""


class EngineCache:
    """The folder of engines of one machine."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def prepare(self) -> None:
        """Make the folder; BundleError where it cannot be, or where others may enter it."""
        try:
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise BundleError(f"cannot make {self.folder}: {error.strerror}") from None
        unsafe = self._not_private()
        if unsafe is not None:
            raise BundleError(unsafe.reason, advice=unsafe.advice)

    def store(self, key: EngineKey, engine: bytes, *, bundle: str) -> Path:
        """Write an engine: temporary file, fsync, rename. BundleError where that cannot be."""
        self.prepare()
        header = canonical_json(_Header.of(key, bundle).model_dump()) + b"\n"
        tag = _tag(self._made_secret(), header + engine)
        return self._replace(f"{key.digest}.engine", tag + header + engine)

    def load(self, key: EngineKey, *, bundle: str) -> bytes | Miss:
        """Read the engine for `key`; a Miss says why not, such as what has changed since.

        Nothing is trusted, and nothing read, in a folder that others may enter. Nothing is
        written.
        """
        if not self.folder.is_dir():
            return Miss("no engine was built on this machine")
        unsafe = self._not_private()
        if unsafe is not None:
            return unsafe
        path = self.folder / f"{key.digest}.engine"
        if not path.is_file():
            return self._why_not(key, bundle)
        opened = self._open(path)
        if isinstance(opened, Miss):
            return opened
        header, engine = opened
        if header.key != key:
            return Miss(f"{path.name} was built for something else")
        return engine

    def timing(self) -> bytes:
        """Read the timing cache of earlier builds; empty where there is none."""
        try:
            return (self.folder / _TIMING).read_bytes()
        except OSError:
            return b""

    def store_timing(self, data: bytes) -> None:
        """Keep the timing cache for the next build."""
        self.prepare()
        self._replace(_TIMING, data)

    def _why_not(self, key: EngineKey, bundle: str) -> Miss:
        for path in entries(self.folder, "*.engine"):
            opened = self._open(path)
            if not isinstance(opened, Miss) and opened[0].bundle == bundle:
                changed = "; ".join(key.differences(opened[0].key))
                return Miss(changed or "the engine's file name does not fit")
        return Miss(f"no engine was built for the bundle {bundle} on this machine")

    def _open(self, path: Path) -> tuple[_Header, bytes] | Miss:
        try:
            data = path.read_bytes()
            secret = self._secret()
        except OSError as error:
            return Miss(f"{error.filename or path} cannot be read: {error.strerror}")
        except BundleError as error:
            return Miss(error.problem, error.advice)
        tag, rest = data[:32], data[32:]
        if secret is None or not hmac.compare_digest(tag, _tag(secret, rest)):
            return Miss(f"{path.name} is not authentic: damaged, or not written by this machine")
        line, _, engine = rest.partition(b"\n")
        if len(line) > _MAX_HEADER_BYTES or not engine:
            return Miss(f"{path.name} is not an engine file")
        try:
            return _Header.model_validate_json(line), engine
        except ValidationError:
            return Miss(f"{path.name} comes from another release")

    def _not_private(self) -> Miss | None:
        status = self.folder.lstat()
        advice = f"Its owner must be the door's user, its mode 0700: chmod 700 {self.folder}"
        if not stat.S_ISDIR(status.st_mode) or status.st_uid != os.geteuid():
            return Miss(f"{self.folder} is not a folder of this user", advice)
        if stat.S_IMODE(status.st_mode) & 0o077:
            return Miss(f"others may enter {self.folder}; no engine is read", advice)
        return None

    def _secret(self) -> bytes | None:
        """Read the secret; None where none was made. BundleError where it is damaged."""
        path = self.folder / _SECRET
        try:
            secret = path.read_bytes()
        except FileNotFoundError:
            return None
        if len(secret) != _SECRET_BYTES:
            raise BundleError(f"{path} is damaged", advice=f"Remove {self.folder}, build again.")
        return secret

    def _made_secret(self) -> bytes:
        secret = self._secret()
        if secret is None:
            secret = secrets.token_bytes(_SECRET_BYTES)
            self._replace(_SECRET, secret)
        return secret

    def _replace(self, name: str, data: bytes) -> Path:
        try:
            write_whole(self.folder / name, data)
        except OSError as error:
            raise BundleError(f"cannot write {self.folder / name}: {error.strerror}") from None
        return self.folder / name


def _tag(secret: bytes, data: bytes) -> bytes:
    return hmac.new(secret, data, sha256).digest()
