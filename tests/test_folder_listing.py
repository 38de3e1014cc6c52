"""What another process removes meanwhile is passed over; what may not be read is not."""

from __future__ import annotations

import shutil
import threading
from pathlib import Path

import pytest

from edgeverify.evaluation.images.material import folder_images
from edgeverify.folder_listing import entries, files_below


def test_names_in_order_and_nothing_where_there_is_no_folder(tmp_path: Path) -> None:
    for name in ("b.png", "a.png", "c.txt"):
        (tmp_path / name).touch()
    assert [path.name for path in entries(tmp_path, "*.png")] == ["a.png", "b.png"]
    assert entries(tmp_path / "gone") == []
    assert entries(tmp_path / "a.png") == []
    assert files_below(tmp_path / "gone") == []


def test_files_below_are_listed_whole_and_in_order(tmp_path: Path) -> None:
    wanted = [tmp_path / name for name in ("a/1.png", "a/b/2.png", "c.png")]
    for path in wanted:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    assert files_below(tmp_path) == wanted


def test_folders_that_come_and_go_while_they_are_walked(tmp_path: Path) -> None:
    for person in ("ada", "bob"):
        (tmp_path / person).mkdir()
        (tmp_path / person / "stays.png").touch()
    stop = threading.Event()

    def churn(name: str) -> None:
        while not stop.is_set():
            made = tmp_path / "ada" / name / "deep" / "deeper"
            made.mkdir(parents=True)
            shutil.rmtree(tmp_path / "ada" / name)

    threads = [threading.Thread(target=churn, args=(f"tmp{index}",)) for index in range(2)]
    for thread in threads:
        thread.start()
    try:
        for _ in range(400):
            assert tmp_path / "ada/stays.png" in files_below(tmp_path)
            assert {image.person for image in folder_images(tmp_path)} == {"ada", "bob"}
    finally:
        stop.set()
        for thread in threads:
            thread.join()


def test_a_folder_that_may_not_be_read_is_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "closed").mkdir()
    scan = __import__("os").scandir

    def refused(path: str) -> object:
        if str(path).endswith("closed"):
            raise PermissionError(13, "Permission denied", str(path))
        return scan(path)

    monkeypatch.setattr("os.scandir", refused)  # root may read anything
    with pytest.raises(PermissionError):
        files_below(tmp_path)
