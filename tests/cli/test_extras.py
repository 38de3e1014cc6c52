"""A door's install is small: a command that needs more says so in one line before it begins."""

from __future__ import annotations

from importlib import metadata
from pathlib import Path

import pytest
from typer.testing import CliRunner

from edgeverify.cli import extras
from edgeverify.cli.main import app
from edgeverify.errors import EdgeverifyError
from edgeverify.installation.extras import packages_by_extra


@pytest.fixture
def _as_on_a_door(monkeypatch: pytest.MonkeyPatch) -> None:
    """What only extras name is not installed."""
    by_extra = packages_by_extra(metadata.requires("edgeverify") or ())
    of_extras = {package for packages in by_extra.values() for package in packages}
    assert {"matplotlib", "scipy", "amqtt"} <= of_extras
    monkeypatch.setattr(extras, "_installed", lambda package: package not in of_extras)


def ran(*arguments: str) -> tuple[int, str]:
    done = CliRunner().invoke(app, list(arguments))
    return done.exit_code, done.output


@pytest.mark.usefixtures("_as_on_a_door")
def test_the_demo_without_its_extra_says_which() -> None:
    code, said = ran("demo")
    assert code == 2
    assert said == (
        "edgeverify: this needs edgeverify's [demo] extra, of which amqtt is not installed here: "
        "pip install 'edgeverify[demo]'\n"
    )


@pytest.mark.usefixtures("_as_on_a_door")
@pytest.mark.parametrize(
    "command",
    [
        "average-face FOLDER",
        "bench",
        "calibrate FOLDER",
        "evaluate FOLDER",
        "evaluate-pad --bona-fide FOLDER --attack print=FOLDER",
        "explain FOLDER/a.jpg FOLDER/b.jpg",
    ],
)
def test_what_measures_without_its_extra_says_which(command: str, tmp_path: Path) -> None:
    code, said = ran(*command.replace("FOLDER", str(tmp_path)).split())
    assert code == 2
    assert said == (
        "edgeverify: this needs edgeverify's [evaluate] extra, of which matplotlib, psutil, scipy "
        "are not installed here: pip install 'edgeverify[evaluate]'\n"
    )


def test_nothing_is_said_where_all_is_there() -> None:
    extras.require_extra("evaluate")
    extras.require_extra("demo")


def test_one_of_three_that_lacks_is_named_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(extras, "_installed", lambda package: package != "scipy")
    with pytest.raises(EdgeverifyError, match="of which scipy is not installed here"):
        extras.require_extra("evaluate")


def test_a_checkout_that_was_never_installed_has_no_extras_to_ask_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def not_installed(name: str) -> list[str]:
        raise metadata.PackageNotFoundError(name)

    monkeypatch.setattr(metadata, "requires", not_installed)
    extras.require_extra("evaluate")
