"""Gives up files, ports, programs and privileges, and proves that the state is out of reach."""

from __future__ import annotations

import contextlib
import os
import resource

from edgeverify.camera.confinement import landlock, seccomp
from edgeverify.camera.confinement.places import gstreamer_cache, rules_for
from edgeverify.camera.messages import Order

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
