"""Which files a camera of each kind needs, apart from those of Python and FFmpeg."""

from __future__ import annotations

import os
import site
import sys
from pathlib import Path
from urllib.parse import urlsplit

import edgeverify
from edgeverify.camera.confinement.landlock import KEEP_CACHE, READ, USE_DEVICE, Rules
from edgeverify.camera.messages import Order

PROGRAMS = ("/usr", "/lib", "/lib64", "/lib32", "/bin")
NAMES_AND_CERTIFICATES = (
    "/etc/ld.so.cache",
    "/etc/resolv.conf",
    "/run/systemd/resolve",
    "/etc/hosts",
    "/etc/host.conf",
    "/etc/nsswitch.conf",
    "/etc/gai.conf",
    "/etc/services",
    "/etc/localtime",
    "/etc/ssl",
    "/etc/ca-certificates",
    "/etc/pki",
    "/etc/crypto-policies",
    "/etc/gnutls",
)
COUNTS_OF_CPUS = ("/sys/devices/system/cpu", "/proc/cpuinfo", "/proc/meminfo")
HARDWARE = ("/sys", "/proc", "/opt/nvidia", "/etc/glvnd", "/etc/vulkan", "/etc/OpenCL", "/etc/alsa")
NULL_DEVICES = ("/dev/null", "/dev/zero", "/dev/urandom", "/dev/random")
REDIRECTED = frozenset({80, 443})
ASKS_FOR_NAMES = 53


def rules_for(order: Order) -> Rules:
    """Return what the order's camera may use, and nothing of the daemon's own."""
    places = [(path, READ) for path in _python()]
    places += [(Path(name), READ) for name in (*PROGRAMS, *NAMES_AND_CERTIFICATES)]
    places += [(Path(name), READ) for name in COUNTS_OF_CPUS]
    places += [(Path(name), USE_DEVICE) for name in NULL_DEVICES]
    if order.kind == "gstreamer":
        cache = gstreamer_cache()
        places += [(Path("/dev"), USE_DEVICE), (cache, KEEP_CACHE)]
        places += [(Path(name), READ) for name in HARDWARE]
        places += [(path, READ) for path in _named_in(order.words)]
        return Rules(places=tuple(places), tcp_ports=None, keeps_abstract_sockets=True)
    if order.kind == "file":
        places.append((Path(order.place), READ))
    if order.kind == "v4l2":
        places.append((Path(order.place), USE_DEVICE))
    return Rules(places=tuple(places), tcp_ports=_ports(order))


def gstreamer_cache() -> Path:
    """Return the folder where GStreamer keeps its list of plugins."""
    named = os.environ.get("XDG_CACHE_HOME") or os.environ.get("HOME", "/") + "/.cache"
    return Path(named) / "gstreamer-1.0"


def _python() -> tuple[Path, ...]:
    package = Path(edgeverify.__file__).parent
    folders = (sys.prefix, sys.base_prefix, sys.exec_prefix, *site.getsitepackages())
    return (package, *(Path(folder) for folder in folders))


def _ports(order: Order) -> frozenset[int]:
    if order.kind not in {"url", "snapshot"}:
        return frozenset()
    ports = {order.port, ASKS_FOR_NAMES}
    is_http = urlsplit(order.place).scheme.lower().startswith("http")
    return frozenset(ports | (REDIRECTED if is_http else frozenset()))


def _named_in(words: tuple[str, ...]) -> list[Path]:
    """Return the files that a pipeline names, such as `location=scene.mp4`."""
    named = (word.partition("=")[2].strip("\"'") for word in words if "=" in word)
    paths = (Path(value.removeprefix("file://")) for value in named if "/" in value)
    return [path.parent if "%" in path.name else path for path in paths]
