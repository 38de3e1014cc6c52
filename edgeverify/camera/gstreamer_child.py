"""Runs one GStreamer pipeline, whose words come over standard input.

`gst-launch-1.0` takes them from its command line, where every user of the machine can read them in
the list of processes, a camera's password too. This asks the same library to parse the same words.
Started by `GstreamerReader`, never by hand; ends with the pipeline, and writes why to standard
error.
"""

from __future__ import annotations

import ctypes
import json
import sys

LIBRARY = "libgstreamer-1.0.so.0"
PLAYING = 4  # GstState
STATE_FAILURE = 0  # GstStateChangeReturn
EOS = 1 << 0  # GstMessageType
ERROR = 1 << 1
FOR_EVER = 2**64 - 1  # GST_CLOCK_TIME_NONE
NOT_INSTALLED = 3
"""Exit status where the library is absent."""


class GError(ctypes.Structure):
    """GLib's error, as far as it is read here."""

    _fields_ = (
        ("domain", ctypes.c_uint32),
        ("code", ctypes.c_int),
        ("message", ctypes.c_char_p),
    )


def run(words: list[str]) -> str:
    """Play the pipeline to its end; return the error that ended it, or "" where nothing did.

    Raises OSError where GStreamer is not installed.
    """
    library = ctypes.CDLL(LIBRARY)
    for name in ("gst_parse_launchv", "gst_element_get_bus", "gst_bus_timed_pop_filtered"):
        getattr(library, name).restype = ctypes.c_void_p
    library.gst_init(None, None)
    problem = ctypes.POINTER(GError)()
    argv = (ctypes.c_char_p * (len(words) + 1))(*[word.encode() for word in words], None)
    pipeline = ctypes.c_void_p(library.gst_parse_launchv(argv, ctypes.byref(problem)))
    if problem:
        return _message(problem)
    bus = ctypes.c_void_p(library.gst_element_get_bus(pipeline))
    failed = library.gst_element_set_state(pipeline, PLAYING) == STATE_FAILURE
    limit = ctypes.c_uint64(0 if failed else FOR_EVER)
    if failed:
        found = library.gst_bus_timed_pop_filtered(bus, limit, ERROR)
    else:
        found = library.gst_bus_timed_pop_filtered(bus, limit, EOS | ERROR)
    if not found:
        return "the pipeline cannot be started"
    library.gst_message_parse_error(ctypes.c_void_p(found), ctypes.byref(problem), None)
    return _message(problem) if problem else ""


def _message(problem: ctypes._Pointer[GError]) -> str:
    return (problem.contents.message or b"").decode(errors="replace")


def main() -> int:
    """Play what standard input names."""
    words = json.load(sys.stdin)
    try:
        said = run(words)
    except OSError:
        return NOT_INSTALLED
    sys.stderr.write(said)
    return 1 if said else 0


if __name__ == "__main__":
    sys.exit(main())
