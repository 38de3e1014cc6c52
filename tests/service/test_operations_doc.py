"""Every name that a door can be degraded by stands in docs/operations.md, and no other."""

from __future__ import annotations

import re
from pathlib import Path

from edgeverify.camera.health import CameraState

CHECKOUT = Path(__file__).resolve().parents[2]
SAID = re.compile(
    r"""(?:Degradation\(\s*(?:name=)?|raise_fault\(\s*|faults\.state\(\s*|_FAULT\s*=\s*|_broken\(\s*)"([a-z_\-]+)\""""
)
REFUSED = re.compile(r"\"(broker_[a-z_]+)\"")
BACK_ENDS = {"tensorrt", "onnxruntime-cuda", "onnxruntime-cpu"}


def names_in_the_code() -> set[str]:
    found = set(BACK_ENDS)
    for path in (CHECKOUT / "edgeverify").rglob("*.py"):
        text = path.read_text(encoding="utf-8")
        found |= set(SAID.findall(text))
        if path.parent.name == "mqtt":
            found |= set(REFUSED.findall(text))
    found |= {
        state.value if state.value.startswith("camera_") else f"camera_{state.value}"
        for state in CameraState
        if state is not CameraState.OK
    }
    return found


def names_in_the_docs() -> set[str]:
    text = (CHECKOUT / "docs/operations.md").read_text(encoding="utf-8")
    table = text[text.index("## Names in `degraded`") : text.index("## Heat")]
    rows = [line.split("|")[1] for line in table.splitlines() if line.startswith("| `")]
    return {name for row in rows for name in re.findall(r"`([a-z_\-]+)`", row)}


def test_the_search_finds_names() -> None:
    assert {"journal_unavailable", "broker_unreachable", "camera_offline"} <= names_in_the_code()


def test_every_name_is_explained_and_none_is_invented() -> None:
    code, docs = names_in_the_code(), names_in_the_docs()
    assert sorted(code - docs) == [], "these need a row in docs/operations.md"
    assert sorted(docs - code) == [], "nothing raises these any more"
