"""Landlock (landlock(7)): which files and TCP ports this process and its children may still use.

The kernel takes rights away and never gives them back; no privilege is needed. Numbers are those of
linux/landlock.h, the same on every machine.
"""

from __future__ import annotations

import ctypes
import os
import struct
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

CREATE_RULESET, ADD_RULE, RESTRICT_SELF = 444, 445, 446  # system calls
GIVE_VERSION = 1
PATH_BENEATH, NET_PORT = 1, 2
EXECUTE, WRITE_FILE, READ_FILE, READ_DIR = 1 << 0, 1 << 1, 1 << 2, 1 << 3
MAKE_REG, REMOVE_FILE, TRUNCATE, IOCTL_DEV = 1 << 8, 1 << 5, 1 << 14, 1 << 15
FILE_ONLY = EXECUTE | WRITE_FILE | READ_FILE | TRUNCATE | IOCTL_DEV
READ = EXECUTE | READ_FILE | READ_DIR
USE_DEVICE = READ_FILE | WRITE_FILE | READ_DIR | IOCTL_DEV
KEEP_CACHE = READ | WRITE_FILE | MAKE_REG | REMOVE_FILE | TRUNCATE
BIND_TCP, CONNECT_TCP = 1 << 0, 1 << 1
SCOPE_ABSTRACT_SOCKETS, SCOPE_SIGNALS = 1 << 0, 1 << 1
ALL_FILE_RIGHTS = {1: 13, 2: 14, 3: 15, 4: 15, 5: 16}
"""How many rights over files each version of the interface knows, newer ones at least the last."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """What stays allowed. `tcp_ports` None leaves the network alone."""

    places: tuple[tuple[Path, int], ...]
    tcp_ports: frozenset[int] | None
    keeps_abstract_sockets: bool = False


def version() -> int:
    """Return the interface's version in this kernel, 0 where it has none or forbids it."""
    return max(0, _call(CREATE_RULESET, None, 0, GIVE_VERSION))


def restrict(rules: Rules) -> None:
    """Give up everything but what `rules` allow, in this thread and all that it starts.

    Raises OSError where the kernel refuses; then nothing was given up.
    """
    known = version()
    files = (1 << ALL_FILE_RIGHTS[min(known, max(ALL_FILE_RIGHTS))]) - 1
    net = BIND_TCP | CONNECT_TCP if known >= 4 and rules.tcp_ports is not None else 0
    scoped = SCOPE_SIGNALS | (0 if rules.keeps_abstract_sockets else SCOPE_ABSTRACT_SOCKETS)
    attributes = struct.pack("=QQQ", files, net, scoped if known >= 6 else 0)
    size = 24 if known >= 6 else 16 if known >= 4 else 8
    ruleset = _checked(CREATE_RULESET, ctypes.c_char_p(attributes), size, 0)
    try:
        _allow(ruleset, rules.places, files)
        for port in sorted(rules.tcp_ports or ()) if net else ():
            rule = struct.pack("=QQ", CONNECT_TCP, port)
            _checked(ADD_RULE, ruleset, NET_PORT, ctypes.c_char_p(rule), 0)
        _checked(RESTRICT_SELF, ruleset, 0)
    finally:
        os.close(ruleset)


def _allow(ruleset: int, places: Iterable[tuple[Path, int]], known: int) -> None:
    for path, rights in places:
        try:
            descriptor = os.open(path, os.O_PATH | os.O_CLOEXEC)
        except OSError:
            continue  # what is not there needs no right
        try:
            allowed = rights & known & (-1 if path.is_dir() else FILE_ONLY)
            rule = struct.pack("=Qi", allowed, descriptor)
            _checked(ADD_RULE, ruleset, PATH_BENEATH, ctypes.c_char_p(rule), 0)
        finally:
            os.close(descriptor)


def _checked(number: int, *arguments: object) -> int:
    result = _call(number, *arguments)
    if result < 0:
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code))
    return result


def _call(number: int, *arguments: object) -> int:
    call = ctypes.CDLL(None, use_errno=True).syscall
    call.restype = ctypes.c_long
    words = [ctypes.c_long(word) if isinstance(word, int) else word for word in arguments]
    return int(call(ctypes.c_long(number), *words))
