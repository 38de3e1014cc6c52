"""An error says whose fault it is: what passes with the machine is no fault of the config."""

from __future__ import annotations

import errno
import os
import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import typer

from edgeverify.bundle.verified_folder import read_manifest
from edgeverify.cli.console import plain_errors
from edgeverify.errors import BundleError, is_of_exhaustion
from edgeverify.lock.main import main as lock


@contextmanager
def no_more_files() -> Iterator[None]:
    """Let this process open nothing more than it has open."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    spare = os.open(os.devnull, os.O_RDONLY)
    os.close(spare)
    resource.setrlimit(resource.RLIMIT_NOFILE, (spare, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    (tmp_path / "manifest.json").write_text("{}", encoding="utf-8")
    return tmp_path


def test_a_start_that_can_open_no_file_is_tried_again(
    bundle: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """systemd never starts again what ended with EX_CONFIG; a full table passes."""

    @plain_errors
    def run() -> None:
        read_manifest(bundle)

    with no_more_files(), pytest.raises(typer.Exit) as ended:
        run()
    assert ended.value.exit_code == 1
    said = capsys.readouterr().err
    assert "manifest.json cannot be read (Too many open files)" in said
    assert "LimitNOFILE=" in said
    assert "models fetch" not in said  # the model is well


def test_a_model_that_is_not_there_is_not_tried_again(bundle: Path) -> None:
    @plain_errors
    def run() -> None:
        read_manifest(bundle / "absent")

    with pytest.raises(typer.Exit) as ended:
        run()
    assert ended.value.exit_code == os.EX_CONFIG


def test_the_lock_program_is_tried_again_too(tmp_path: Path) -> None:
    config = tmp_path / "lock.yaml"
    config.write_text("door: front-door\n", encoding="utf-8")
    with no_more_files():
        assert lock(["run", "--config", str(config)]) == 1
    assert lock(["run", "--config", str(config)]) == os.EX_CONFIG


@pytest.mark.parametrize(
    ("number", "passes"),
    [(errno.EMFILE, True), (errno.ENFILE, True), (errno.ENOMEM, True), (errno.EACCES, False)],
)
def test_an_error_is_judged_by_what_it_arose_from(number: int, *, passes: bool) -> None:
    error = BundleError("it cannot be read")
    error.__context__ = OSError(number, os.strerror(number))
    assert is_of_exhaustion(error) is passes
