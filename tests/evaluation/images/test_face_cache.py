"""Embeddings are biometric data: kept for one user, and never mistaken for others."""

from __future__ import annotations

import stat
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from edgeverify.domain import RgbImage
from edgeverify.errors import EvaluationError
from edgeverify.evaluation.images.acquire import acquire
from edgeverify.evaluation.images.acquired import Acquired
from edgeverify.evaluation.images.face_cache import FaceCache
from tests.evaluation.crowds import seen

KEY = "ab" * 32


def test_what_was_seen_comes_back_as_it_was(tmp_path: Path) -> None:
    one, nobody = seen("one", [0.6, 0.8], 77.5), seen("two", None)
    with FaceCache(tmp_path / "cache", KEY) as cache:
        cache.put(one)
        cache.put(nobody)
    with FaceCache(tmp_path / "cache", KEY) as cache:
        again = cache.get("one")
        assert again is not None
        assert again.values is not None
        np.testing.assert_array_equal(again.values, np.array([0.6, 0.8], np.float32))
        assert (again.figures, again.pose) == (one.figures, one.pose)
        refused = cache.get("two")
        assert refused is not None
        assert refused.refusal == nobody.refusal
        assert cache.get("three") is None


def test_another_model_or_another_way_of_looking_has_a_cache_of_its_own(tmp_path: Path) -> None:
    with FaceCache(tmp_path / "cache", KEY) as cache:
        cache.put(seen("one", [1, 0]))
    with FaceCache(tmp_path / "cache", "cd" * 32) as cache:
        assert cache.get("one") is None


def test_an_interrupted_run_keeps_what_it_had(tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt), FaceCache(tmp_path / "cache", KEY) as cache:  # noqa: PT012
        cache.put(seen("one", [1, 0]))
        raise KeyboardInterrupt
    with FaceCache(tmp_path / "cache", KEY) as cache:
        assert cache.get("one") is not None


def test_nobody_else_can_read_it(tmp_path: Path) -> None:
    folder = tmp_path / "cache"
    with FaceCache(folder, KEY) as cache:
        cache.put(seen("one", [1, 0]))
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert {stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()} == {0o600}


def test_a_folder_that_others_can_read_is_refused(tmp_path: Path) -> None:
    folder = tmp_path / "cache"
    folder.mkdir(mode=0o755)
    folder.chmod(0o755)
    with pytest.raises(EvaluationError, match="can be read by others"):
        FaceCache(folder, KEY)


def test_without_a_folder_nothing_is_written(tmp_path: Path) -> None:
    with FaceCache(None, KEY) as cache:
        cache.put(seen("one", [1, 0]))
        assert cache.get("one") is not None
    assert not list(tmp_path.iterdir())


def test_two_evaluations_at_once_share_it(tmp_path: Path) -> None:
    with FaceCache(tmp_path / "cache", KEY) as one, FaceCache(tmp_path / "cache", KEY) as other:
        one.put(seen("one", [1, 0]))
        other.put(seen("one", [1, 0]))  # both looked at it
        other.put(seen("two", [0, 1]))
        assert one.get("one") is not None
    with FaceCache(tmp_path / "cache", KEY) as cache:
        assert all(cache.get(name) is not None for name in ("one", "two"))


def test_a_file_that_is_no_cache_is_named(tmp_path: Path) -> None:
    folder = tmp_path / "cache"
    with FaceCache(folder, KEY) as cache:
        cache.put(seen("one", [1, 0]))
        cache.flush()
        (file,) = folder.glob("*.sqlite")
        file.write_bytes(b"something else")
        with pytest.raises(EvaluationError, match=r"the cache of embeddings in .* cannot be used"):
            cache.get("two")


class Looks:
    """Counts how often somebody really looks at a picture."""

    def __init__(self) -> None:
        self.count = 0

    def look(self, rgb: RgbImage, digest: str) -> Acquired:
        self.count += 1
        return seen(digest, [1.0, float(rgb[0, 0, 0])])


def test_an_evaluation_goes_on_where_it_was_stopped(tmp_path: Path) -> None:
    paths = [tmp_path / f"{number}.png" for number in range(6)]
    for number, path in enumerate(paths):
        Image.fromarray(np.full((4, 4, 3), number, np.uint8)).save(path)

    def stop_after_four(done: int, total: int, name: str) -> None:
        assert (total, name) == (6, f"{done - 1}.png")
        if done == 4:
            raise KeyboardInterrupt

    first, second = Looks(), Looks()
    with pytest.raises(KeyboardInterrupt), FaceCache(tmp_path / "cache", KEY) as cache:
        acquire(paths, first, cache, stop_after_four)
    with FaceCache(tmp_path / "cache", KEY) as cache:
        found, problems = acquire(paths, second, cache)
    assert (first.count, second.count, len(found), problems) == (4, 2, 6, ())
