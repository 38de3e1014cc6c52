"""The model at the start: what the log says of how it is fed."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from edgeverify.errors import ConfigError
from edgeverify.models.bundle_writer import write_embedder
from edgeverify.settings import Settings
from edgeverify.verifier.verifier import open_verifier
from tests.faces import add_vision
from tests.runtime.tiny import tiny_network, tiny_recipe


@pytest.mark.parametrize("is_verified", [False, True])
def test_the_start_line_says_whether_the_feeding_was_verified(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, *, is_verified: bool
) -> None:
    recipe = replace(tiny_recipe("mine"), feeding_verified=is_verified)
    write_embedder(tmp_path / "mine", recipe, {"fp32": tiny_network()})
    settings = Settings.model_validate(
        {
            "door": "front",
            "camera": {"source": "0"},
            "model": {"bundle": str(tmp_path / "mine"), "runtime": "onnxruntime-cpu"},
            "liveness": "off",
        }
    )
    with caplog.at_level("INFO", logger="edgeverify.verifier"):
        open_verifier(settings, tmp_path, tmp_path).close()
    (line,) = [r for r in caplog.records if r.getMessage().startswith("model ready")]
    assert ("feeding not verified" in line.getMessage()) is not is_verified
    assert line.levelname == ("INFO" if is_verified else "WARNING")


def _weak(folder: Path, **model: object) -> Settings:
    recipe = replace(tiny_recipe("feeble"), weak="it takes everybody for each other")
    write_embedder(folder / "feeble", recipe, {"fp32": tiny_network()})
    bundle = {"bundle": str(folder / "feeble"), "runtime": "onnxruntime-cpu", **model}
    return Settings.model_validate({"door": "front", "model": bundle, "liveness": "off"})


def test_a_door_refuses_a_network_that_is_marked_weak(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("WARNING", logger="edgeverify.verifier")
    add_vision(tmp_path)
    with pytest.raises(ConfigError, match="feeble is not for a door: it takes everybody") as caught:
        open_verifier(_weak(tmp_path), tmp_path, tmp_path, at_door=True)
    assert caught.value.advice.startswith("Take sface, or write `model.accept_weak: true`")
    # What only looks at photos may use it, and so may a door whose owner says so.
    open_verifier(_weak(tmp_path), tmp_path, tmp_path).close()
    assert "it takes everybody" not in caplog.text, "only a door is warned"
    accepted = open_verifier(_weak(tmp_path, accept_weak=True), tmp_path, tmp_path, at_door=True)
    accepted.close()
    assert accepted.weakness == "feeble is not for a door: it takes everybody for each other"
    assert f"{accepted.weakness} (model.accept_weak: true)" in caplog.messages
