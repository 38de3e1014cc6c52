"""Downloading one file: resumed, checked by hash, and whole or not there at all."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

import httpx

from edgeverify.bundle.canonical_json import sha256_of_file
from edgeverify.errors import BundleError
from edgeverify.progress import Progress, harmless, silent

ATTEMPTS = 5
_TIMEOUT = httpx.Timeout(30.0, connect=10.0)
_CHUNK_BYTES = 1 << 16


def fetch_file(
    address: str,
    destination: Path,
    *,
    sha256: str,
    size: int,
    progress: Progress = silent,
    attempts: int = ATTEMPTS,
) -> Path:
    """Download `address` to `destination`; BundleError leaves neither it nor a part of it behind.

    A cut connection is taken up where it broke (HTTP Range), `attempts` times in all. The part
    of a download that was interrupted from outside (Ctrl-C, power) stays as `.part` and is
    continued the next time. `size` is in bytes: no more is ever stored.
    """
    progress = harmless(progress)
    part = destination.with_name(destination.name + ".part")
    try:
        destination.parent.mkdir(parents=True, exist_ok=True)
        began_with_a_part = part.exists()
        _complete(address, part, size, progress, attempts)
        if sha256_of_file(part) != sha256 and began_with_a_part:
            # The old part may have been of something else: once more, from the beginning.
            part.unlink()
            _complete(address, part, size, progress, attempts)
        _require_hash(address, part, sha256)
        part.replace(destination)
    except OSError as error:  # of a file of ours: httpx has errors of its own for the network
        _discard(part)
        raise BundleError(
            f"cannot store {destination}: {error.filename or part}: {error.strerror}",
            advice="Free some space, or run as the user who owns the folder.",
        ) from None
    except BundleError:
        _discard(part)
        raise
    return destination


def _discard(part: Path) -> None:
    with contextlib.suppress(OSError):  # what cannot be removed is checked, and replaced, next time
        part.unlink(missing_ok=True)


def _require_hash(address: str, part: Path, sha256: str) -> None:
    found = sha256_of_file(part)
    if found != sha256:
        raise BundleError(
            f"{address} has the SHA-256 {found[:12]}..., not the pinned {sha256[:12]}...",
            advice="Somebody changed the file, or something on the way did. It was deleted.",
        )


def _complete(address: str, part: Path, size: int, progress: Progress, attempts: int) -> None:
    problem: str | None = ""
    with _client() as client:
        for _ in range(attempts):
            problem, is_final = _try(client, address, part, size, progress)
            if problem is None:
                return
            if is_final:
                break
    raise BundleError(
        f"cannot fetch {address}: {problem}",
        advice="Check the network or proxy, or fetch the file elsewhere and give it with `--from`.",
    )


def _client() -> httpx.Client:
    try:
        return httpx.Client(timeout=_TIMEOUT, follow_redirects=True)
    except (OSError, ValueError, httpx.InvalidURL) as error:
        raise BundleError(
            f"cannot fetch anything: {error}",
            advice="Check the proxy variables, SSL_CERT_FILE and SSL_CERT_DIR.",
        ) from None


def _try(
    client: httpx.Client, address: str, part: Path, size: int, progress: Progress
) -> tuple[str | None, bool]:
    """Return what went wrong (None: nothing), and whether trying again is of no use."""
    try:
        _continue(client, address, part, size, progress)
    except httpx.HTTPStatusError as error:
        status = error.response.status_code
        return f"the server answers {status} {error.response.reason_phrase}", status < 500
    except httpx.InvalidURL as error:
        return str(error), True
    except httpx.HTTPError as error:
        return str(error) or type(error).__name__, False
    return None, True


def _continue(
    client: httpx.Client, address: str, part: Path, size: int, progress: Progress
) -> None:
    have = part.stat().st_size if part.exists() else 0
    if have >= size:
        part.unlink()
        have = 0
    headers = {"Accept-Encoding": "identity"}
    if have:
        headers["Range"] = f"bytes={have}-"
    with client.stream("GET", address, headers=headers) as response:
        response.raise_for_status()
        if response.status_code != httpx.codes.PARTIAL_CONTENT:
            have = 0  # the server knows no ranges and sends it all
        with part.open("ab" if have else "wb") as stream:
            for chunk in response.iter_bytes(_CHUNK_BYTES):
                have += len(chunk)
                if have > size:
                    raise BundleError(f"{address} is larger than the {size} bytes it should have")
                stream.write(chunk)
                progress(part.name.removesuffix(".part"), have, size)
            stream.flush()
            os.fsync(stream.fileno())
    if have < size:
        raise httpx.RemoteProtocolError(f"only {have} of {size} bytes came")
