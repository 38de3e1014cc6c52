"""The `camera.source` line of the YAML, understood: one type for each kind of camera."""

from __future__ import annotations

import hashlib
import re
import shlex
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import TypeAlias
from urllib.parse import urlsplit

from edgeverify.errors import ConfigError
from edgeverify.host_name import is_host_name

URL = re.compile(r"^[a-z][a-z0-9+.\-]*://", re.IGNORECASE)
DIGEST_LETTERS = 4
"""Enough to see that an address was changed, too few to try passwords on."""
UNENCODED = (
    "In a user name, password, path or token, each of / # ? @ : %% and the blank must be "
    "percent-encoded: write %23 for #, %2F for /, %3F for ?, %40 for @, %3A for :, %25 for %."
).replace("%%", "%")
SNAPSHOT = "snapshot:"
SINK = re.compile("[a-z0-9_]*sink")
ELEMENT = re.compile("[A-Za-z][A-Za-z0-9_-]*")
NO_PERCENT = re.compile(r"%(?![0-9a-fA-F]{2})|\s|#")
PORTS = {"rtsp": 554, "rtsps": 322, "http": 80, "https": 443}
ADVICE = (
    "Use a device (/dev/video0, /dev/v4l/by-id/...), an index (0), a video file, an rtsp:// or "
    "http(s):// address, snapshot: and an http(s):// address, or gst: and a pipeline."
)


@dataclass(frozen=True, slots=True)
class FileSource:
    """A video file."""

    path: Path

    def __str__(self) -> str:
        return str(self.path)


@dataclass(frozen=True, slots=True)
class V4l2Source:
    """A Linux video device: its node, or a link in /dev/v4l that survives a change of number."""

    device: str

    def __str__(self) -> str:
        return self.device


@dataclass(frozen=True, slots=True)
class UrlSource:
    """A network camera. `str()` gives its scheme, host and port, and nothing else of the address.

    A password may stand anywhere in it: in front of the host, in the path, in the query.
    """

    url: str

    @property
    def address(self) -> tuple[str, int]:
        """Host and TCP port."""
        parts = urlsplit(self.url)
        return parts.hostname or "", parts.port or PORTS[parts.scheme.lower()]

    def __str__(self) -> str:
        host, port = self.address
        shown = f"[{host}]" if ":" in host else host
        digest = hashlib.sha256(self.url.encode()).hexdigest()[:DIGEST_LETTERS]
        return f"{urlsplit(self.url).scheme.lower()}://{shown}:{port} (address {digest})"


@dataclass(frozen=True, slots=True)
class SnapshotSource(UrlSource):
    """A network camera that gives one picture for each request."""


@dataclass(frozen=True, slots=True)
class GstreamerSource:
    """A GStreamer pipeline without its sink, as words of one command line.

    `str()` gives the first only, and that only where it is an element's name: a password may stand
    among the others, and an address may stand in an element's place.
    """

    words: tuple[str, ...]

    def __str__(self) -> str:
        first = self.words[0]
        return f"gst: {first} ..." if ELEMENT.fullmatch(first) else "gst: ..."


Source: TypeAlias = FileSource | V4l2Source | UrlSource | GstreamerSource


NO_FILE = re.compile(
    r"[A-Za-z0-9+-]+:|[+-]?[0-9]|//|\\\\|[^/].*(?:[@?&=]|//)|[^/]+:[0-9]+(?:/|$)|/[^/]*:[^/]*@"
)
"""How names begin that other programs give cameras and shares: `usb:0`, `csi:0`, `-1`, `C:`. And
how an address without its scheme is known: as a file's name it would be shown, with its
password."""


def parse_source(text: str, folder: Path) -> Source:
    """Understand a `camera.source`; a relative file lies in `folder`. Raises ConfigError."""
    text = text.strip()
    if not text or "\0" in text:
        raise ConfigError("camera.source is empty", advice=ADVICE)
    if text.startswith("gst:"):
        return _pipeline(text.removeprefix("gst:"))
    if text.startswith(SNAPSHOT):
        return _snapshot(text.removeprefix(SNAPSHOT).strip())
    if URL.match(text):
        return _address(text)
    if text.isdecimal() and len(text) <= 3:
        return V4l2Source(f"/dev/video{int(text)}")
    if text.startswith("/dev/"):
        return V4l2Source(text)
    if NO_FILE.match(text) and not (folder / text).exists():
        raise ConfigError(
            "camera.source: neither a video file that is there nor an address", advice=ADVICE
        )
    if (folder / text).is_dir():
        raise ConfigError("camera.source: is a folder, not a video file", advice=ADVICE)
    return FileSource(folder / text)


def _pipeline(text: str) -> GstreamerSource:
    try:
        words = tuple(shlex.split(text))
    except ValueError as error:
        raise ConfigError(
            f"camera.source: the pipeline's quotes do not close ({error})", advice=ADVICE
        ) from None
    if not words or "!" in {words[0], words[-1]} or ("!", "!") in pairwise(words):
        raise ConfigError(
            "camera.source: a pipeline begins and ends with an element, not with '!', and has one "
            "between any two '!'",
            advice="Leave '! videoconvert ! ... ! fdsink' out: edgeverify adds it.",
        )
    if sink := _sink_at_its_end(words):
        raise ConfigError(
            f"camera.source: a pipeline ends before its sink, and this one has {sink}",
            advice=f"Leave '! {sink}' and what follows it out: edgeverify adds its own end.",
        )
    return GstreamerSource(words)


def _sink_at_its_end(words: tuple[str, ...]) -> str:
    """Return the sink that nothing could be linked behind, empty where there is none."""
    ends = [place for place, word in enumerate(words) if word == "!"]
    last = words[ends[-1] + 1 :] if ends else words
    # A branch may end in a sink, and then another begins with the name of what it branches from.
    branches = any(word.endswith(".") and "=" not in word for word in last[1:])
    return last[0] if SINK.fullmatch(last[0]) and not branches else ""


def _address(text: str) -> UrlSource:
    """Understand an address; no message names any part of it but its scheme."""
    source = UrlSource(text)
    scheme = text.partition(":")[0].lower()
    if scheme not in PORTS:
        raise ConfigError(f"camera.source: cannot read {scheme}://", advice=ADVICE)
    try:
        parts = urlsplit(text)
        host, _port = source.address
        is_port = parts.port != 0
    except ValueError:
        raise ConfigError(
            "camera.source: the address cannot be understood (host or port)", advice=UNENCODED
        ) from None
    if NO_PERCENT.search(text) or "@" in parts.path + parts.query or "@" in (parts.password or ""):
        raise ConfigError(
            "camera.source: a character of the address must be percent-encoded", advice=UNENCODED
        )
    if not is_port:
        raise ConfigError("camera.source: a port is 1 to 65535, not 0", advice=ADVICE)
    if not host:
        raise ConfigError("camera.source: the address names no host", advice=ADVICE)
    if not is_host_name(host):
        raise ConfigError(
            "camera.source: the host has a character that no host has",
            advice="The : after the user name and the @ before the host stay as they are. "
            + UNENCODED,
        )
    return source


def _snapshot(text: str) -> SnapshotSource:
    # Without a scheme, what stands before the first colon is a user's name or a password.
    if not text.lower().startswith(("http://", "https://")):
        raise ConfigError(
            "camera.source: a snapshot is asked for over http:// or https://", advice=ADVICE
        )
    return SnapshotSource(_address(text).url)


def public_name(text: str) -> str:
    """Return what may be shown of a `camera.source`, also of one that cannot be understood."""
    text = text.strip()
    try:
        return str(parse_source(text, Path()))
    except ConfigError:
        scheme = URL.match(text) or re.match("gst:|snapshot:", text)
        return f"{scheme[0].lower()} ..." if scheme else "camera.source"
