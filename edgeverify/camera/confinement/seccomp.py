"""seccomp(2): system calls that this process and its children may never make again.

A list of what is taken away, not of what is left: decoders, drivers and C libraries of ten years
must go on working. The filter is classic BPF, as linux/filter.h and linux/seccomp.h describe it.
"""

from __future__ import annotations

import ctypes
import errno
import os
import platform
import socket
import struct

PR_SET_NO_NEW_PRIVS, PR_SET_SECCOMP, MODE_FILTER = 38, 22, 2
RETURN_ALLOW, RETURN_ERRNO, RETURN_KILL = 0x7FFF0000, 0x00050000, 0x80000000
LOAD_WORD, JUMP_EQUAL, JUMP_AT_LEAST, RETURN = 0x20, 0x15, 0x35, 0x06
NUMBER_AT, ARCHITECTURE_AT, FIRST_ARGUMENT_AT = 0, 4, 16
X32_CALLS_FROM = 0x40000000
NETWORK_FAMILIES = (socket.AF_INET, socket.AF_INET6, socket.AF_NETLINK)
"""NETLINK: the C library asks by it which addresses this machine has. No AF_UNIX: the daemon's own
socket, where locks are opened to people again, belongs to the same user."""


AUDITED_AS = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
"""Architectures by their numbers in linux/audit.h; calls below are in this order."""
NEVER = {
    "ptrace": (101, 117),
    "pivot_root": (155, 41),
    "mount": (165, 40),
    "umount2": (166, 39),
    "init_module": (175, 105),
    "delete_module": (176, 106),
    "kexec_load": (246, 104),
    "add_key": (248, 217),
    "request_key": (249, 218),
    "keyctl": (250, 219),
    "unshare": (272, 97),
    "perf_event_open": (298, 241),
    "open_by_handle_at": (304, 265),
    "setns": (308, 268),
    "process_vm_readv": (310, 270),
    "process_vm_writev": (311, 271),
    "kcmp": (312, 272),
    "finit_module": (313, 273),
    "bpf": (321, 280),
    "userfaultfd": (323, 282),
    "pidfd_send_signal": (424, 424),
    "io_uring_setup": (425, 425),
    "io_uring_enter": (426, 426),
    "io_uring_register": (427, 427),
    "open_tree": (428, 428),
    "move_mount": (429, 429),
    "fsopen": (430, 430),
    "fsmount": (432, 432),
    "pidfd_open": (434, 434),
    "pidfd_getfd": (438, 438),
    "process_madvise": (440, 440),
}
NEVER_ALONE = {
    "execve": (59, 221),
    "execveat": (322, 281),
    "tkill": (200, 130),
    "rt_sigqueueinfo": (129, 138),
    "rt_tgsigqueueinfo": (297, 240),
    # Landlock leaves rights, owners, times and labels of every file to whoever owns it.
    "chmod": (90, 53),
    "fchmodat": (268, 53),
    "fchmodat2": (452, 452),
    "chown": (92, 54),
    "lchown": (94, 54),
    "fchownat": (260, 54),
    "utime": (132, 88),
    "utimes": (235, 88),
    "futimesat": (261, 88),
    "utimensat": (280, 88),
    "setxattr": (188, 5),
    "lsetxattr": (189, 6),
    "removexattr": (197, 14),
    "lremovexattr": (198, 15),
    "setxattrat": (463, 463),
    "removexattrat": (466, 466),
    "file_setattr": (469, 469),
    "setpriority": (141, 140),
    "sched_setparam": (142, 118),
    "sched_setscheduler": (144, 119),
    "sched_setaffinity": (203, 122),
    "sched_setattr": (314, 274),
    "ioprio_set": (251, 30),
}
"""What only a camera with a child of its own (GStreamer) needs."""
KILL, TGKILL, SOCKET, PRLIMIT = (62, 129), (234, 131), (41, 198), (302, 261)


def keep_privileges_down() -> None:
    """Never gain a privilege again, by no program; both seccomp and Landlock ask for this."""
    library = ctypes.CDLL(None, use_errno=True)
    if library.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0):
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))


def forbid(*, has_children: bool) -> None:
    """Give up what no camera needs; without children also programs, signals and local sockets.

    Raises OSError where the kernel refuses or the machine is another than those known here.
    """
    if platform.machine() not in AUDITED_AS:
        raise OSError(errno.ENOSYS, f"not known for {platform.machine()}")
    program = _program(platform.machine(), has_children=has_children, pid=os.getpid())
    code = ctypes.create_string_buffer(program)
    library = ctypes.CDLL(None, use_errno=True)
    # struct sock_fprog: the number of instructions, and where they are.
    filter_ = ctypes.create_string_buffer(
        struct.pack("HxxxxxxP", len(program) // 8, ctypes.addressof(code))
    )
    if library.prctl(PR_SET_SECCOMP, MODE_FILTER, filter_, 0, 0):
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))


def _program(machine: str, *, has_children: bool, pid: int) -> bytes:
    """Return the filter: each forbidden call fails with EPERM."""
    at = list(AUDITED_AS).index(machine)
    refuse = RETURN_ERRNO | errno.EPERM
    steps = [
        (LOAD_WORD, 0, 0, ARCHITECTURE_AT),
        (JUMP_EQUAL, 1, 0, AUDITED_AS[machine]),
        (RETURN, 0, 0, RETURN_KILL),
        (LOAD_WORD, 0, 0, NUMBER_AT),
        (JUMP_AT_LEAST, 0, 1, X32_CALLS_FROM),
        (RETURN, 0, 0, refuse),
    ]
    calls = [*NEVER.values(), *(() if has_children else NEVER_ALONE.values())]
    for numbers in calls:
        steps += [(JUMP_EQUAL, 0, 1, numbers[at]), (RETURN, 0, 0, refuse)]
    if not has_children:
        steps += _only(PRLIMIT[at], (0,), refuse)  # 0: itself
        steps += _only(KILL[at], (0,), refuse)  # 0: its own group, when the daemon has gone
        steps += _only(TGKILL[at], (pid,), refuse)
        steps += _only(SOCKET[at], NETWORK_FAMILIES, refuse)
    steps.append((RETURN, 0, 0, RETURN_ALLOW))
    return b"".join(struct.pack("=HBBI", *step) for step in steps)


def _only(number: int, arguments: tuple[int, ...], refuse: int) -> list[tuple[int, int, int, int]]:
    """Allow a call with one of these first arguments only; the accumulator holds the number."""
    count = len(arguments)
    checks = [(JUMP_EQUAL, count - at, 0, value) for at, value in enumerate(arguments)]
    return [
        (JUMP_EQUAL, 0, count + 3, number),
        (LOAD_WORD, 0, 0, FIRST_ARGUMENT_AT),
        *checks,
        (RETURN, 0, 0, refuse),
        (RETURN, 0, 0, RETURN_ALLOW),
    ]
