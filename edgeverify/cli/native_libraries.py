"""What native libraries are told before they are loaded: one locale, and how many threads.

Native code reads numbers and letters by the process's locale: under a Turkish one "i" has another
capital, under a German one 0.5 is written 0,5; and under a Latin-1 one Python itself cannot name a
photo that is called after its owner. What edgeverify reads and writes is the same everywhere.

numpy's arithmetic takes its number of threads from the environment, once, when it is loaded.
"""

from __future__ import annotations

import locale
import os
import sys
from collections.abc import Callable, MutableMapping
from io import TextIOWrapper
from pathlib import Path


def one_thread_for_matrices(environ: MutableMapping[str, str]) -> None:
    """Let OpenBLAS work in the caller's thread, unless `environ` says otherwise already.

    A door multiplies tiny matrices only. For them OpenBLAS wakes a helper that then waits busily
    on the core that the network's second thread needs: measured on two cores, 1280x720, 13.4
    instead of 10.7 ms per frame (mobilefacenet), and 26 instead of 13 ms of CPU.
    """
    environ.setdefault("OPENBLAS_NUM_THREADS", "1")


NEUTRAL = ("C.UTF-8", "C")
"""The first is part of glibc since 2.35, and of Debian for longer."""
VARIABLES = ("LC_ALL", "LC_CTYPE", "LC_NUMERIC", "LANG")


def spell_out_what_does_not_fit() -> None:
    r"""Write a letter outside the output's encoding as `\u5c71`, instead of ending in an error.

    Whoever sets PYTHONIOENCODING chooses the encoding, and cannot choose what people are called.
    """
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper) and stream.errors == "strict":
            stream.reconfigure(errors="backslashreplace")


def use_neutral_locale(
    environ: MutableMapping[str, str],
    *,
    execute: Callable[[str, list[bytes]], object] = os.execv,
) -> None:
    """Set the locale of this process and its children; start again where Python's names need it.

    Python reads the encoding of file names once, at its start, hence the second beginning; it
    happens once, since the environment then says C.UTF-8. Times are written in ISO 8601 and
    messages in English in any case.
    """
    is_utf8 = sys.getfilesystemencoding().lower() in {"utf-8", "utf8"}
    asked = [environ.get(name, "") for name in VARIABLES]
    if not any(name not in {"", "C", "POSIX", "C.UTF-8", "C.utf8"} for name in asked) and is_utf8:
        return
    environ["LC_ALL"] = NEUTRAL[0]
    if not is_utf8 and environ.get("PYTHONUTF8") != "1":
        environ["PYTHONUTF8"] = "1"
        execute(sys.executable, [os.fsencode(sys.executable), *_words()[1:]])
    for name in NEUTRAL:
        try:
            locale.setlocale(locale.LC_ALL, name)
        except locale.Error:
            continue
        return


def _words() -> list[bytes]:
    """Return the command line as it was typed: not every encoding gives back what it decoded."""
    return Path("/proc/self/cmdline").read_bytes().split(b"\0")[:-1]
