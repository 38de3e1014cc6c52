"""Engines on disk: only ours, only for this device, or a word on why not."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from edgeverify.errors import BundleError
from edgeverify.runtime.tensorrt.cache import EngineCache, Miss
from edgeverify.runtime.tensorrt.key import Device, EngineKey

KEY = EngineKey(
    onnx_sha256="a" * 64,
    tensorrt="10.3.0",
    device=Device(gpu="Orin", compute_capability="8.7", cuda="12.6.0", driver="12060"),
    precision="fp16",
    batch=2,
    size=112,
)


def stored(folder: Path, key: EngineKey = KEY) -> EngineCache:
    cache = EngineCache(folder / "engines")
    cache.store(key, b"engine code", bundle="mobilefacenet")
    return cache


def reason(cache: EngineCache, key: EngineKey = KEY) -> str:
    found = cache.load(key, bundle="mobilefacenet")
    assert isinstance(found, Miss)
    return found.reason


def test_an_engine_comes_back_as_it_was(tmp_path: Path) -> None:
    cache = stored(tmp_path)
    assert cache.load(KEY, bundle="mobilefacenet") == b"engine code"
    assert (cache.folder.stat().st_mode & 0o777) == 0o700
    assert not list(cache.folder.glob(".new.*"))


def test_a_folder_that_another_user_owns_is_not_trusted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cache = stored(tmp_path)
    monkeypatch.setattr("os.geteuid", lambda: cache.folder.stat().st_uid + 1)
    assert "is not a folder of this user" in reason(cache)


@pytest.mark.parametrize("mode", [0o770, 0o707, 0o740, 0o701])
def test_a_folder_that_anybody_else_may_enter_is_not_trusted(tmp_path: Path, mode: int) -> None:
    cache = stored(tmp_path)
    cache.folder.chmod(mode)
    assert "others may enter" in reason(cache)


def test_nothing_was_built_yet(tmp_path: Path) -> None:
    assert "no engine was built" in reason(EngineCache(tmp_path / "engines"))


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        (replace(KEY, tensorrt="10.16.1"), "TensorRT is 10.16.1, the engine was built for 10.3.0"),
        (replace(KEY, onnx_sha256="b" * 64), "the ONNX graph"),
        (replace(KEY, precision="fp32"), "precision is fp32"),
        (replace(KEY, batch=1), "the batch"),
        (replace(KEY, size=224), "the input side"),
        (replace(KEY, schema=1), "the schema"),
        (replace(KEY, device=replace(KEY.device, gpu="Thor")), "the GPU is Thor"),
        (replace(KEY, device=replace(KEY.device, driver="13020")), "the driver is 13020"),
        (replace(KEY, device=replace(KEY.device, cuda="13.2.0")), "CUDA is 13.2.0"),
        (replace(KEY, device=replace(KEY.device, compute_capability="11.0")), "compute capability"),
    ],
)
def test_a_mismatch_says_what_changed(tmp_path: Path, changed: EngineKey, words: str) -> None:
    assert words in reason(stored(tmp_path), changed)


@pytest.mark.parametrize("position", [0, 40, -1])
def test_an_altered_file_is_not_authentic(tmp_path: Path, position: int) -> None:
    cache = stored(tmp_path)
    path = cache.folder / f"{KEY.digest}.engine"
    data = bytearray(path.read_bytes())
    data[position] ^= 1
    path.write_bytes(data)
    assert "not authentic" in reason(cache)


def test_an_engine_from_another_machine_is_not_authentic(tmp_path: Path) -> None:
    theirs, ours = stored(tmp_path / "theirs"), stored(tmp_path / "ours", replace(KEY, batch=1))
    shutil.copy(theirs.folder / f"{KEY.digest}.engine", ours.folder)
    assert "not authentic" in reason(ours)


def test_an_engine_under_anothers_name_is_not_used(tmp_path: Path) -> None:
    cache = stored(tmp_path, replace(KEY, batch=1))
    old = cache.folder / f"{replace(KEY, batch=1).digest}.engine"
    old.rename(cache.folder / f"{KEY.digest}.engine")
    assert "built for something else" in reason(cache)


def test_a_folder_that_others_may_enter_is_not_trusted(tmp_path: Path) -> None:
    cache = stored(tmp_path)
    cache.folder.chmod(0o755)
    assert "others may enter" in reason(cache)
    with pytest.raises(BundleError, match="others may enter"):
        cache.store(KEY, b"engine", bundle="mobilefacenet")


def test_a_link_in_place_of_the_folder_is_not_trusted(tmp_path: Path) -> None:
    cache = stored(tmp_path)
    elsewhere = tmp_path / "link"
    elsewhere.symlink_to(cache.folder)
    assert "not a folder of this user" in reason(EngineCache(elsewhere))
    with pytest.raises(BundleError, match="not a folder of this user"):
        EngineCache(elsewhere).prepare()


def test_looking_for_an_engine_writes_nothing(tmp_path: Path) -> None:
    cache = stored(tmp_path)
    (cache.folder / ".hmac-key").unlink()
    assert "not authentic" in reason(cache)
    assert not (cache.folder / ".hmac-key").exists()


def test_the_timing_cache_is_kept(tmp_path: Path) -> None:
    cache = EngineCache(tmp_path / "engines")
    assert cache.timing() == b""
    cache.store_timing(b"timings")
    assert EngineCache(tmp_path / "engines").timing() == b"timings"
