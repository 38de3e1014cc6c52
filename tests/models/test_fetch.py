"""A download is whole and right, or it is not there at all."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from edgeverify.bundle.folder_writer import clear_leftovers
from edgeverify.bundle.loading import load_bundle, load_pad_bundle
from edgeverify.errors import BundleError
from edgeverify.models import build
from edgeverify.models.build import (
    ensure_bundle,
    fetch_bundle,
    require_bundle,
    resolve_bundle,
    typed_bundle,
)
from edgeverify.models.catalogue import Catalogue, CatalogueEntry, load_catalogue
from tests.models.file_server import FileServer, serving


def catalogue_of(address: str, **changes: object) -> Catalogue:
    """The real catalogue with its addresses on loopback."""
    models = []
    for entry in load_catalogue().models:
        files = tuple(
            file.model_copy(update={"address": f"{address}/{file.file}"}) for file in entry.files
        )
        models.append(entry.model_copy(update={"files": files, **changes}))
    return Catalogue(models=tuple(models))


@pytest.fixture
def weights(trained_models: Path) -> dict[str, bytes]:
    return {
        f"/{path.name}": path.read_bytes() for path in trained_models.iterdir() if path.is_file()
    }


def test_mobilefacenet_is_fetched_and_made_into_a_bundle(
    tmp_path: Path, weights: dict[str, bytes]
) -> None:
    with serving(FileServer(weights, cut_after=1_000_000, cuts=1)) as server:
        folder = fetch_bundle("mobilefacenet", tmp_path, catalogue=catalogue_of(server.address))
    bundle = load_bundle(folder)
    assert bundle.manifest.template == "arcface-112"
    assert bundle.operating_points is not None
    assert [path.name for path in tmp_path.iterdir()] == ["mobilefacenet"]


def test_a_wrong_file_on_the_server_leaves_no_bundle_and_the_old_one_stays(
    tmp_path: Path, weights: dict[str, bytes]
) -> None:
    (tmp_path / "mobilefacenet").mkdir()
    (tmp_path / "mobilefacenet" / "manifest.json").write_text("the old one")
    weights["/mobilefacenet.pt"] = weights["/mobilefacenet.pt"][::-1]
    with serving(FileServer(weights)) as server, pytest.raises(BundleError, match="pinned"):
        fetch_bundle("mobilefacenet", tmp_path, catalogue=catalogue_of(server.address))
    assert [path.name for path in tmp_path.iterdir()] == ["mobilefacenet"]
    assert (tmp_path / "mobilefacenet" / "manifest.json").read_text() == "the old one"


def test_one_of_two_files_missing_leaves_nothing(tmp_path: Path, weights: dict[str, bytes]) -> None:
    weights.pop("/4_0_0_80x80_MiniFASNetV1SE.pth")
    with serving(FileServer(weights)) as server, pytest.raises(BundleError, match="404"):
        fetch_bundle("minifasnet", tmp_path, catalogue=catalogue_of(server.address))
    assert list(tmp_path.iterdir()) == []


def test_a_closed_network_takes_a_folder(tmp_path: Path, trained_models: Path) -> None:
    bundle = load_pad_bundle(fetch_bundle("minifasnet", tmp_path, source=trained_models))
    assert [network.crop_scale for network in bundle.manifest.networks] == [2.7, 4.0]
    assert bundle.manifest.feeding.channels == "bgr"


def test_a_closed_network_takes_a_file_under_any_name(tmp_path: Path, trained_models: Path) -> None:
    renamed = tmp_path / "from-the-usb-stick.bin"
    renamed.write_bytes((trained_models / "mobilefacenet.pt").read_bytes())
    folder = fetch_bundle("mobilefacenet", tmp_path / "models", source=renamed)
    assert load_bundle(folder).manifest.name == "mobilefacenet"


def test_the_wrong_file_given_by_hand_is_named(tmp_path: Path) -> None:
    wrong = tmp_path / "wrong.pt"
    wrong.write_bytes(b"something else")
    models = tmp_path / "models"
    with pytest.raises(BundleError, match=r"is not mobilefacenet\.pt .4135271 bytes"):
        fetch_bundle("mobilefacenet", models, source=wrong)
    with pytest.raises(BundleError, match="does not hold"):
        fetch_bundle("mobilefacenet", models, source=tmp_path)
    with pytest.raises(BundleError, match="does not exist"):
        fetch_bundle("mobilefacenet", models, source=tmp_path / "nowhere")
    assert list(models.iterdir()) == []


def test_a_non_commercial_licence_is_said_before_anything_is_fetched(
    tmp_path: Path, weights: dict[str, bytes]
) -> None:
    with serving(FileServer(weights)) as server:
        catalogue = catalogue_of(server.address, non_commercial=True)
        with pytest.raises(BundleError, match="non-commercial use only") as caught:
            fetch_bundle("mobilefacenet", tmp_path, catalogue=catalogue)
        assert server.requests == []
        assert "--accept-licence" in caught.value.advice
        fetch_bundle("mobilefacenet", tmp_path, catalogue=catalogue, accept_licence=True)
    assert (tmp_path / "mobilefacenet" / "model.onnx").is_file()


def test_only_the_default_model_is_ever_fetched_unasked(tmp_path: Path) -> None:
    with pytest.raises(BundleError, match="the model mobilefacenet is not in") as caught:
        ensure_bundle("mobilefacenet", tmp_path)
    assert caught.value.advice == "Run `edgeverify models fetch mobilefacenet`."
    with pytest.raises(BundleError, match="no model 'facenet' in the catalogue"):
        ensure_bundle("facenet", tmp_path)


def test_a_setting_is_a_folder_or_a_name(tmp_path: Path) -> None:
    here = Path("/etc/edgeverify")
    assert resolve_bundle("/opt/my-bundle", tmp_path, folder=here) == Path("/opt/my-bundle")
    (tmp_path / "ours").mkdir()
    assert resolve_bundle("ours", tmp_path, folder=here) == tmp_path / "ours"
    (tmp_path / "mobilefacenet").mkdir()
    installed = resolve_bundle("mobilefacenet", tmp_path, folder=here)
    assert installed == tmp_path / "mobilefacenet"


def test_a_relative_folder_starts_from_the_configs_wherever_the_service_runs(
    tmp_path: Path,
) -> None:
    found = resolve_bundle("./mine", tmp_path, folder=Path("/etc/edgeverify"))
    assert found == Path("/etc/edgeverify/mine")


def test_what_is_typed_starts_from_where_it_was_typed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "sface").mkdir()
    assert typed_bundle("sface") == str(tmp_path / "sface")
    assert typed_bundle("runs/absent") == str(tmp_path / "runs/absent")
    assert typed_bundle("strong") == "strong"


@pytest.mark.parametrize("setting", ["sfacee", "./nowhere", "mobilefacenet"])
def test_a_setting_that_leads_to_no_bundle_is_refused_without_opening_any(
    tmp_path: Path, setting: str
) -> None:
    with pytest.raises(BundleError, match=setting.removeprefix("./")):
        require_bundle(setting, tmp_path, folder=tmp_path)


def test_what_is_made_at_first_need_may_be_absent_before_it(tmp_path: Path) -> None:
    require_bundle("sface", tmp_path, folder=tmp_path)
    assert not list(tmp_path.iterdir())


def test_a_source_that_cannot_be_read_is_named_and_not_the_models_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, trained_models: Path
) -> None:
    source = tmp_path / "mobilefacenet.pt"
    source.write_bytes((trained_models / source.name).read_bytes())
    read = Path.read_bytes

    def refused(path: Path) -> bytes:
        if path == source:
            raise PermissionError(13, "Permission denied", str(path))
        return read(path)

    monkeypatch.setattr(Path, "read_bytes", refused)  # root may read anything
    models = tmp_path / "models"
    with pytest.raises(BundleError, match=f"cannot read {source}: Permission denied"):
        fetch_bundle("mobilefacenet", models, source=source)
    assert list(models.iterdir()) == []
    monkeypatch.undo()
    assert fetch_bundle("mobilefacenet", models, source=source).is_dir()


def test_a_full_disk_while_building_leaves_nothing_and_the_next_run_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, trained_models: Path
) -> None:
    def full(_handle: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("edgeverify.bundle.folder_writer.os.fsync", full)
    with pytest.raises(BundleError, match=r"cannot write .*mobilefacenet: No space left") as caught:
        fetch_bundle("mobilefacenet", tmp_path, source=trained_models)
    assert "Free some space" in caught.value.advice
    assert list(tmp_path.iterdir()) == []
    monkeypatch.undo()
    assert load_bundle(fetch_bundle("mobilefacenet", tmp_path, source=trained_models))


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a folder away")
def test_a_folder_of_somebody_else_is_told_before_anything_is_fetched() -> None:
    with TemporaryDirectory() as roots:  # tmp_path is closed to everybody else
        models = Path(roots)
        models.chmod(0o755)
        told = _as_nobody(f"ensure_bundle('sface', Path({roots!r}))")
        assert told.startswith(f"cannot write in the folder {roots}: it belongs to root. Run as")
        told = _as_nobody(f"ensure_bundle('sface', Path({roots + '/deep'!r}))")
        assert told.startswith(f"cannot make the folder {roots}/deep: Permission denied. Run as")
        assert list(models.iterdir()) == []


def _as_nobody(call: str) -> str:
    """Return what a process of the user nobody says of a call that must fail."""
    program = (
        "import os\n"
        "from pathlib import Path\n"
        "from edgeverify.errors import EdgeverifyError\n"
        "from edgeverify.models.build import ensure_bundle\n"
        "from edgeverify.models.catalogue import load_catalogue\n"
        "load_catalogue()  # whatever is imported late lies where nobody may not look\n"
        "os.setgid(65534); os.setuid(65534)\n"
        f"try:\n    {call}\n"
        "except EdgeverifyError as error:\n    print(error)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_what_a_killed_maker_left_is_cleared_and_the_old_bundle_comes_back(
    tmp_path: Path, trained_models: Path
) -> None:
    folder = fetch_bundle("mobilefacenet", tmp_path, source=trained_models)
    # Killed while writing, and another time between taking the old away and putting the new in.
    (tmp_path / ".mobilefacenet.half").mkdir()
    (tmp_path / ".mobilefacenet.half/model.onnx").write_bytes(b"half")
    (tmp_path / ".mobilefacenet.old.x").mkdir()
    folder.rename(tmp_path / ".mobilefacenet.old.x/mobilefacenet")
    clear_leftovers(folder)
    assert [path.name for path in tmp_path.iterdir()] == ["mobilefacenet"]
    assert load_bundle(folder)


def test_two_doors_that_start_together_make_the_model_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[str] = []

    def make(entry: CatalogueEntry, models: Path, **_: object) -> None:
        made.append(entry.name)
        time.sleep(0.2)
        (models / entry.name).mkdir()

    monkeypatch.setattr(build, "_make", make)
    with ThreadPoolExecutor(2) as doors:
        folders = list(doors.map(lambda _: ensure_bundle("sface", tmp_path), range(2)))
    assert folders == [tmp_path / "sface"] * 2
    assert made == ["sface"]
