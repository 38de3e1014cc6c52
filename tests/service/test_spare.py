"""What is taken away from a door's packages is nothing that a door loads."""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
from pathlib import Path

from edgeverify.installation.steps import SPARE, take_spare
from tests.faces import MODELS, face_finder

# Every module of the product that loads without the extras, which a door has not; the parts that
# load late; a photo of each kind that is accepted: then what Python and the loader have opened.
LOAD_ALL = """
import contextlib, importlib, io, pathlib, pkgutil, sys
sys.modules.update(dict.fromkeys(("amqtt", "matplotlib", "psutil", "scipy"), None))
import edgeverify, onnxruntime, pi_heif, rich.live, rich.progress, rich.table
from PIL import Image
for module in pkgutil.walk_packages(edgeverify.__path__, "edgeverify."):
    if not module.name.startswith("edgeverify.runtime.tensorrt"):
        with contextlib.suppress(ImportError):
            importlib.import_module(module.name)
import edgeverify.cli.people.verify, edgeverify.daemon.run, edgeverify.models.fetch
from edgeverify.enrolment.decoding import FORMATS, decode
from edgeverify.settings import VisionSettings
from edgeverify.verifier.pipeline import open_face_finder
Image.init()
for form in (form for form in FORMATS if form in Image.SAVE):
    kept = io.BytesIO()
    Image.new("RGB", (64, 64)).save(kept, form)
    decode(form, kept.getvalue(), max_megapixels=1)
open_face_finder(pathlib.Path(sys.argv[1]), VisionSettings()).close()
for module in list(sys.modules.values()):
    print(getattr(module, "__file__", None) or "")
for line in open("/proc/self/maps"):
    print(line.split(maxsplit=5)[-1].strip())
"""
PACKAGES = Path(sysconfig.get_path("purelib"))


UNASKED = "ai_edge_litert/libLiteRt.so"
"""Loaded wherever it lies, without being asked for: so a door is tried that has none."""


def test_nothing_that_a_door_loads_is_taken_away(tmp_path: Path) -> None:
    face_finder().close()
    lean = _without(UNASKED, tmp_path)
    done = subprocess.run(
        [sys.executable, "-c", LOAD_ALL, str(MODELS)],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONPATH": str(lean)},
    )
    assert done.returncode == 0, done.stderr
    lines = [line.replace(str(lean), str(PACKAGES)) for line in done.stdout.splitlines()]
    loaded = {Path(line) for line in lines if line.startswith(str(PACKAGES))}
    assert PACKAGES / "ai_edge_litert/interpreter.py" in loaded
    assert len(loaded) > 500
    # What loads this one at each start goes with it.
    patterns = set(SPARE) - {"_distutils_hack"}
    taken = {path for pattern in patterns for path in PACKAGES.glob(pattern)}
    assert len(taken) > 20
    assert {path for path in loaded if taken & {path, *path.parents}} == set()


def _without(name: str, folder: Path) -> Path:
    """Lay a package out once more, in links, without one of its files; return where."""
    missing = PACKAGES / name
    assert missing.is_file()
    package = folder / missing.parent.name
    package.mkdir()
    for each in missing.parent.iterdir():
        if each != missing:
            (package / each.name).symlink_to(each)
    return folder


def test_what_is_spare_goes_and_the_rest_stays(tmp_path: Path) -> None:
    packages = tmp_path / "lib/python3.12/site-packages"
    spare = ("numpy/linalg/tests/test_x.py", "cv2/data/face.xml", "pip/_internal/__pycache__/a.pyc")
    kept = ("numpy/linalg/__init__.py", "cv2/data/__init__.py", "pip/_internal/main.py")
    for name in (*spare, *kept):
        (packages / name).parent.mkdir(parents=True, exist_ok=True)
        (packages / name).touch()
    take_spare(tmp_path).act()
    assert [name for name in spare if (packages / name).exists()] == []
    assert [name for name in kept if not (packages / name).exists()] == []
