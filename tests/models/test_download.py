"""A file over a bad network: taken up again, checked, and nothing left behind."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from edgeverify.bundle.canonical_json import sha256_of
from edgeverify.errors import BundleError
from edgeverify.models.fetch import fetch_file
from tests.models.file_server import FileServer, serving

DATA = np.random.default_rng(0).bytes(300_000)


HASH = sha256_of(DATA)


def fetch(server: FileServer, folder: Path, **changes: object) -> Path:
    wanted: dict[str, object] = {"sha256": HASH, "size": len(DATA), **changes}
    return fetch_file(f"{server.address}/weights", folder / "weights", **wanted)  # type: ignore[arg-type]


def test_a_file_comes_whole_and_tells_how_far_it_is(tmp_path: Path) -> None:
    told: list[tuple[str, int, int]] = []
    with serving(FileServer({"/weights": DATA})) as server:
        fetch(server, tmp_path, progress=lambda *step: told.append(step))
    assert (tmp_path / "weights").read_bytes() == DATA
    assert told[-1] == ("weights", len(DATA), len(DATA))
    assert [path.name for path in tmp_path.iterdir()] == ["weights"]


def test_a_cut_connection_is_taken_up_where_it_broke(tmp_path: Path) -> None:
    with serving(FileServer({"/weights": DATA}, cut_after=100_000, cuts=2)) as server:
        fetch(server, tmp_path)
    assert (tmp_path / "weights").read_bytes() == DATA
    ranges = [wanted for _, wanted in server.requests]
    assert ranges[0] is None
    starts = [int(wanted.removeprefix("bytes=").rstrip("-")) for wanted in ranges[1:] if wanted]
    assert len(starts) == 2
    assert 0 < starts[0] < starts[1] < len(DATA)


def test_a_server_without_ranges_sends_it_all_again(tmp_path: Path) -> None:
    files = {"/weights": DATA}
    with serving(FileServer(files, cut_after=9000, cuts=1, knows_ranges=False)) as server:
        fetch(server, tmp_path)
    assert (tmp_path / "weights").read_bytes() == DATA


def test_a_download_that_was_interrupted_is_continued_the_next_time(tmp_path: Path) -> None:
    (tmp_path / "weights.part").write_bytes(DATA[:250_000])
    with serving(FileServer({"/weights": DATA})) as server:
        fetch(server, tmp_path)
    assert server.requests == [("/weights", "bytes=250000-")]
    assert (tmp_path / "weights").read_bytes() == DATA


@pytest.mark.parametrize("left", [b"x" * 250_000, b"x" * 300_000, b"x" * 400_000])
def test_an_old_part_of_something_else_is_thrown_away(tmp_path: Path, left: bytes) -> None:
    (tmp_path / "weights.part").write_bytes(left)
    with serving(FileServer({"/weights": DATA})) as server:
        fetch(server, tmp_path)
    assert (tmp_path / "weights").read_bytes() == DATA


@pytest.mark.parametrize(
    ("server", "changes", "message"),
    [
        (FileServer({"/weights": DATA[::-1]}), {}, "not the pinned"),
        (FileServer({"/weights": DATA + b"more"}), {}, "larger than the 300000 bytes"),
        (FileServer({"/weights": DATA[:-1]}), {}, "only 299999 of 300000 bytes"),
        (FileServer({"/weights": DATA}, cut_after=10, cuts=99), {}, "cannot fetch"),
        (FileServer({}), {}, "the server answers 404"),
        (FileServer({"/weights": DATA}, status=503), {}, "the server answers 503"),
    ],
)
def test_a_failure_leaves_nothing_behind(
    tmp_path: Path, server: FileServer, changes: dict[str, object], message: str
) -> None:
    with serving(server), pytest.raises(BundleError, match=message):
        fetch(server, tmp_path, **changes)
    assert list(tmp_path.iterdir()) == []


def test_nobody_there_is_said_and_a_proxy_is_mentioned(tmp_path: Path) -> None:
    with serving(FileServer({})) as server:
        pass
    with pytest.raises(BundleError, match="cannot fetch") as caught:
        fetch(server, tmp_path)
    assert "--from" in caught.value.advice


def test_a_file_that_is_missing_is_asked_for_once(tmp_path: Path) -> None:
    with serving(FileServer({})) as server, pytest.raises(BundleError, match="answers 404"):
        fetch(server, tmp_path)
    assert len(server.requests) == 1


def test_what_is_in_the_way_is_named_with_its_own_path(tmp_path: Path) -> None:
    (tmp_path / "models").write_bytes(b"")
    with serving(FileServer({"/weights": DATA})) as server:
        with pytest.raises(BundleError, match=r"weights: \S+/models: (File exists|Not a dir)"):
            fetch(server, tmp_path / "models")
        (tmp_path / "here/weights.part").mkdir(parents=True)
        with pytest.raises(BundleError, match=r"weights: \S+/weights\.part: Is a directory"):
            fetch(server, tmp_path / "here")
