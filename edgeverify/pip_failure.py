"""What pip's output means, in one plain sentence."""

from __future__ import annotations

import re
import signal

NO_PIP = "this Python has no pip"
_ELSEWHERE = "its settings send packages elsewhere (target, prefix or root in pip.conf)"
_CAUSES = (
    ("No space left on device", "the disk is full"),
    ("Disk quota exceeded", "the disk quota is used up"),
    ("DO NOT MATCH THE HASHES", "the index has a file with another SHA-256 than the pinned one"),
    ("CERTIFICATE_VERIFY_FAILED", "the index's certificate is not trusted here"),
    ("ProxyError", "the proxy refuses or cannot be reached"),
    ("NameResolutionError", "the index cannot be reached (its name does not resolve)"),
    ("Failed to establish a new connection", "the index cannot be reached"),
    ("Read timed out", "the index does not answer"),
    ("incomplete-download", "the download broke off"),
    ("Permission denied", "a file or folder belongs to somebody else"),
    ("No module named pip", NO_PIP),
    ("Can not combine '--user' and '--target'", _ELSEWHERE),
    ("Cannot set --home and --prefix together", _ELSEWHERE),
)
"""What stands in pip's output, and what it means; the first that fits counts."""

_ASIDES = ("hint:", "note:", "[notice]")
"""How lines begin that say what else could be done, after the reason."""
_ABSENT = re.compile(r"No matching distribution found for (\S+)")
_UNBUILT = re.compile(r"Could not build wheels|Failed to build|failed-wheel-build")
_RAISED = re.compile(r"^\s+((?:\w+\.)*\w*(?:Error|Exception|error): .+)$", re.MULTILINE)
_NONE_SEEN = "(from versions: none)"
"""pip says the same of an index without the package and, where it may not retry, of no index."""


def why_pip_failed(code: int, said: str) -> str:
    """Return why, from pip's exit status and all that it printed; its last line at worst."""
    if code < 0:
        names = {number.value: number.name for number in signal.Signals}
        return f"it was killed ({names.get(-code, -code)})"
    for sign, meaning in _CAUSES:
        if sign in said:
            return meaning
    absent = _ABSENT.search(said)
    if absent:
        lacks = f"has no {absent[1]} for this Python and processor"
        return f"the index {'cannot be reached, or ' if _NONE_SEEN in said else ''}{lacks}"
    raised = _RAISED.findall(said)
    if raised and _UNBUILT.search(said):
        return f"it could not be built: {raised[-1]}"[:300]
    lines = [line for line in said.strip().splitlines() if not line.startswith(_ASIDES)]
    return lines[-1][:300] if lines else f"it ended with {code}"
