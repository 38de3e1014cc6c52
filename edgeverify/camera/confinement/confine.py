"""Gives up files, ports, programs and privileges, and proves that the state is out of reach.

What is left open are the files that a camera of each kind needs, and those of Python and FFmpeg.
"""

from __future__ import annotations

import contextlib
import os
import resource
import site
import sys
from pathlib import Path
from urllib.parse import urlsplit

import edgeverify
from edgeverify.camera.confinement import landlock, seccomp
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


MAX_ADDRESS_SPACE = 4 * 2**30
"""Bytes; four slots of the largest picture are 0.8 GiB."""
MAX_FILES = 128


def confine(order: Order) -> str:
    """Keep this process from everything but its camera; return in words what could not be done.

    Must come before any thread is started. "" means that all of it holds, and that none of
    `order.private` can be opened any more.
    """
    has_children = order.kind == "gstreamer"
    lacking: list[str] = []
    _limit(has_children=has_children)
    if has_children:
        _make_cache()
    rules = rules_for(order)
    try:
        seccomp.keep_privileges_down()
        seccomp.forbid(has_children=has_children)
    except OSError as error:
        lacking.append(f"system calls are not filtered ({error.strerror})")
    if landlock.version() == 0:
        lacking.append("files are not closed to it (this kernel has no Landlock)")
    else:
        try:
            landlock.restrict(rules)
        except OSError as error:
            lacking.append(f"files are not closed to it ({error.strerror})")
    if any(_opens(path) for path in order.private):
        lacking.append("it can read the door's state")
    return "; ".join(lacking)


def _limit(*, has_children: bool) -> None:
    """Limit memory and files. In the service's unit the call is closed, and its own limits hold."""
    limits = {resource.RLIMIT_CORE: 0}
    if not has_children:
        limits |= {resource.RLIMIT_AS: MAX_ADDRESS_SPACE, resource.RLIMIT_NOFILE: MAX_FILES}
    for which, most in limits.items():
        _soft, hard = resource.getrlimit(which)
        value = most if hard == resource.RLIM_INFINITY else min(most, hard)
        with contextlib.suppress(OSError, ValueError):
            resource.setrlimit(which, (value, value))


def _make_cache() -> None:
    try:
        gstreamer_cache().mkdir(parents=True, exist_ok=True)
    except OSError:
        return  # it looks through its plugins each time, which is slower


def _opens(path: str) -> bool:
    try:
        os.close(os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK))
    except OSError:
        return False
    return True
