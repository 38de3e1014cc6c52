"""Who imports what: layers, start-up cost, and a daemon that never meets torch."""

from __future__ import annotations

import pkgutil
import subprocess
import sys

import edgeverify

HEAVY = ("cv2", "mediapipe", "onnxruntime", "tensorrt", "torch", "matplotlib", "onnx", "jax")


def _loaded_after(statement: str) -> set[str]:
    script = f"import sys\n{statement}\nprint(' '.join(sorted(sys.modules)))"
    result = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    return set(result.stdout.split())


def test_the_command_line_loads_nothing_heavy_until_a_command_needs_it() -> None:
    loaded = _loaded_after("import edgeverify.cli.main")
    assert "typer" in loaded
    assert loaded.isdisjoint(HEAVY)
    assert "pydantic" not in loaded
    assert "numpy" not in loaded


def test_a_door_that_has_its_models_loads_nothing_that_fetches_or_measures() -> None:
    """A fifth of all that was loaded before a door was ready came with the downloads."""
    loaded = _loaded_after("import edgeverify.daemon.run, edgeverify.verifier.verifier")
    assert "onnx" in loaded
    fetching = {"httpx", "edgeverify.models.fetch", "rich", "click", "pygments"}
    assert loaded.isdisjoint({*fetching, "matplotlib", "scipy", "psutil", "amqtt"})


def test_the_pure_core_needs_no_camera_model_disk_or_network() -> None:
    loaded = _loaded_after("import edgeverify.policy, edgeverify.liveness, edgeverify.lockout")
    assert loaded.isdisjoint({*HEAVY, "sqlite3", "paho", "paho.mqtt", "ssl"})


def test_everything_the_daemon_can_load_is_free_of_torch() -> None:
    names = [module.name for module in pkgutil.walk_packages(edgeverify.__path__, "edgeverify.")]
    assert len(names) > 50
    without_gpu = [name for name in names if ".tensorrt" not in name]
    loaded = _loaded_after("\n".join(f"import {name}" for name in without_gpu))
    assert "edgeverify.daemon" in loaded
    assert loaded.isdisjoint(
        {"torch", "torchvision", "timm", "edgeverify_export", "edgeverify_train"}
    )
