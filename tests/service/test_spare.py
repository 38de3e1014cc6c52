"""What is taken away from a door's packages is nothing that a door loads."""

from __future__ import annotations

import subprocess
import sys
import sysconfig
from pathlib import Path

from edgeverify.installation.spare import SPARE, take_spare
from tests.faces import MODELS, face_finder

# Every module of the product that loads without the extras, which a door has not; the parts that
# load late; a photo of each kind that is accepted: then what Python and the loader have opened.
LOAD_ALL = """
import contextlib, importlib, io, pathlib, pkgutil, sys
sys.modules.update(dict.fromkeys(("amqtt", "matplotlib", "psutil", "scipy"), None))
import edgeverify, onnxruntime, rich.live, rich.progress, rich.table
from PIL import Image
for module in pkgutil.walk_packages(edgeverify.__path__, "edgeverify."):
    if not module.name.startswith("edgeverify.runtime.tensorrt"):
        with contextlib.suppress(ImportError):
            importlib.import_module(module.name)
import edgeverify.cli.people.verify, edgeverify.daemon.run, edgeverify.models.fetch
from edgeverify.enrolment.photo import FORMATS
from edgeverify.settings import VisionSettings
from edgeverify.verifier.pipeline import open_face_finder
Image.init()
for form in (form for form in FORMATS if form in Image.SAVE):
    kept = io.BytesIO()
    Image.new("RGB", (64, 64)).save(kept, form)
    Image.open(io.BytesIO(kept.getvalue()), formats=FORMATS).load()
open_face_finder(pathlib.Path(sys.argv[1]), VisionSettings()).close()
for module in list(sys.modules.values()):
    print(getattr(module, "__file__", None) or "")
for line in open("/proc/self/maps"):
    print(line.split(maxsplit=5)[-1].strip())
"""
PACKAGES = Path(sysconfig.get_path("purelib"))


def test_nothing_that_a_door_loads_is_taken_away() -> None:
    face_finder().close()
    done = subprocess.run(
        [sys.executable, "-c", LOAD_ALL, str(MODELS)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    loaded = {Path(line) for line in done.stdout.splitlines() if line.startswith(str(PACKAGES))}
    assert len(loaded) > 500
    # What loads this one at each start goes with it.
    patterns = set(SPARE) - {"_distutils_hack"}
    taken = {path for pattern in patterns for path in PACKAGES.glob(pattern)}
    assert len(taken) > 20
    assert {path for path in loaded if taken & {path, *path.parents}} == set()


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
