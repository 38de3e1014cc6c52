"""`edgeverify check-config` says whether the service would start, before it has to."""

from __future__ import annotations

import errno
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from edgeverify.bundle.loading import load_bundle
from edgeverify.models.bundle_writer import write_points
from tests.cli.conftest import Desk
from tests.runtime.tiny import point, points_file


def test_a_good_config_is_ok(desk: Desk) -> None:
    desk.write(("1", "Obama", ["obama.jpg"]))
    said = desk.run("check-config", desk.config)
    assert (said.code, said.err) == (0, "")
    assert said.out.splitlines() == [
        f"{desk.config}: ok, door 'front-door', 1 in staff",
        "  threshold 0.4500 written by hand: no rate is promised",
    ]


def test_a_bad_key_is_one_plain_line(desk: Desk) -> None:
    desk.config.write_text("camra: {}\n")
    said = desk.run("check-config", desk.config)
    assert said.code == 78
    assert said.err == f"edgeverify: {desk.config}:1: camra: unknown key; did you mean 'camera'?\n"


def test_bad_photos_are_named_with_their_line_and_nothing_is_changed(desk: Desk) -> None:
    (desk.folder / "text.jpg").write_text("not a photo")
    desk.write(("1", "Obama", ["obama.jpg"]), ("2", "Nobody", ["text.jpg", "two.jpg"]))
    before = sorted(desk.folder.parent.rglob("*"))
    said = desk.run("check-config", desk.config)
    assert said.code == 78
    assert said.err.splitlines() == [
        (
            f"{desk.config}:12: staff[1].photos: card 2 (Nobody): text.jpg: is not a picture that "
            "can be read. Use JPEG, PNG, WebP, HEIC or AVIF."
        ),
        (
            f"{desk.config}:12: staff[1].photos: card 2 (Nobody): two.jpg: it shows several faces. "
            "Crop it to one face."
        ),
        f"edgeverify: {desk.config}: 2 to correct",
    ]
    assert sorted(desk.folder.parent.rglob("*")) == before


def test_look_alikes_are_a_warning_not_a_mistake(desk: Desk) -> None:
    desk.write(("1", "Obama", ["obama.jpg"]), ("2", "His twin", ["obama2.jpg"]))
    said = desk.run("check-config", desk.config)
    assert said.code == 0
    assert said.err.count("warning:") == 1
    assert "warning: card 1 (Obama) and card 2 (His twin) look alike: at this door's" in said.err


def test_nothing_is_written_not_even_a_temporary_file(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On a system that is read-only but for the state there was no folder for one."""

    def refuse(*_arguments: object, **_more: object) -> str:
        raise FileNotFoundError(errno.ENOENT, "No usable temporary directory found")

    monkeypatch.setattr("tempfile.mkdtemp", refuse)
    monkeypatch.setattr("tempfile.mkstemp", refuse)
    desk.write(("1", "Obama", ["obama.jpg"]))
    said = desk.run("check-config", desk.config)
    assert (said.code, said.err) == (0, "")


def test_a_duress_number_that_nobody_can_present_is_a_warning(desk: Desk) -> None:
    staff = "  - {card: '1', duress_card: '9', name: Obama, photos: [obama.jpg]}\n"
    for sources, warned in (("[walk_up]", 1), ("[walk_up, mqtt]", 0)):
        desk.config.write_text(
            f"door: front-door\nclaims: {{sources: {sources}}}\nstaff:\n{staff}", encoding="utf-8"
        )
        said = desk.run("check-config", "--no-photos", desk.config)
        assert said.code == 0
        assert said.err.count("card 1 cannot call for help here") == warned


def test_a_number_that_nothing_reads_is_a_warning(desk: Desk) -> None:
    for typed, warned in (("text", 1), ("hex", 0)):
        reader = f"{{device: /dev/input/by-id/a, typed: {typed}, number: {{digits: 10}}}}"
        desk.config.write_text(
            f"door: front-door\nclaims: {{sources: [keyboard], keyboard: {reader}}}\n",
            encoding="utf-8",
        )
        said = desk.run("check-config", "--no-photos", desk.config)
        assert said.code == 0
        assert said.err.count("claims.keyboard.number changes nothing") == warned, said.err


IDLE: list[tuple[str, str]] = [
    ("mqtt: {tls: {ca_file: ca.pem}}", "a password crosses the network in the clear"),
    ("mqtt: {password_file: password}", "is not sent without a mqtt.username"),
    ("claims: {sources: [fixed], fixed_card: '9'}", "stands in no entry of staff"),
    (
        "claims: {sources: [osdp], osdp: {port: /dev/ttyS9, key_file: gone}}",
        "claims.osdp.key_file: the OSDP key is absent",
    ),
    (
        "claims: {sources: [pcsc], pcsc: {application: F001, key_file: password}}",
        "claims.pcsc.key_file: is not an Ed25519 public key",
    ),
]


@pytest.mark.parametrize(("text", "warned"), IDLE, ids=[text for text, _ in IDLE])
def test_what_the_door_starts_with_and_does_not_use_is_a_warning(
    desk: Desk, text: str, warned: str
) -> None:
    (desk.folder / "password").touch(mode=0o600)
    desk.config.write_text(f"door: front-door\n{text}\n", encoding="utf-8")
    said = desk.run("check-config", "--no-photos", desk.config)
    assert said.code == 0
    assert said.err.count("warning:") == 1
    assert warned in said.err


def test_files_that_the_config_names_must_be_there_and_private(desk: Desk) -> None:
    (desk.folder / "master.key").write_bytes(bytes(32))
    (desk.folder / "master.key").chmod(0o644)
    desk.write(
        more="mqtt:\n  tls:\n    enabled: true\n    ca_file: ca.pem\n"
        "keys:\n  master_key_file: master.key\n"
    )
    said = desk.run("check-config", desk.config)
    assert said.code == 78
    assert said.err.splitlines()[:2] == [
        (
            f"{desk.config}:7: mqtt.tls: ca_file cannot be used: {desk.folder / 'ca.pem'}: "
            "No such file or directory"
        ),
        (
            f"{desk.config}:11: keys.master_key_file: the master key is readable by others: "
            f"{desk.folder / 'master.key'} has mode 0644. Run: chmod 600 "
            f"{desk.folder / 'master.key'}"
        ),
    ]


def test_without_evidence_for_the_rate_it_says_so_and_still_tries_the_photos(desk: Desk) -> None:
    desk.write(("1", "Nobody", ["two.jpg"]))
    text = desk.config.read_text().replace("  threshold: 0.45\n", "  max_fmr: 0.0001\n")
    desk.config.write_text(text)
    said = desk.run("check-config", desk.config)
    assert said.code == 78
    assert (
        f"{desk.config}:4: decision: the bundle mobilefacenet has no operating points" in said.err
    )
    assert "two.jpg: it shows several faces" in said.err


def test_without_a_threshold_nobodys_photos_are_doubted(desk: Desk) -> None:
    desk.write(("1", "Obama", ["obama.jpg", "obama2.jpg"]))
    text = desk.config.read_text().replace("  threshold: 0.45\n", "  max_fmr: 0.0001\n")
    desk.config.write_text(text)
    said = desk.run("check-config", desk.config)
    assert said.code == 78
    assert "do not look like the same person" not in said.err


def test_a_model_that_is_not_there_is_one_plain_line(desk: Desk) -> None:
    desk.write(("1", "Obama", ["obama.jpg"]))
    desk.config.write_text(desk.config.read_text().replace(str(desk.bundle), "./nowhere"))
    said = desk.run("check-config", desk.config)
    assert said.code == 78
    line = desk.config.read_text().splitlines().index("  bundle: ./nowhere") + 1
    folder = desk.folder / "nowhere"
    assert said.err.splitlines() == [
        (
            f"{desk.config}:{line}: model.bundle: the model bundle {folder} does not exist. "
            "`edgeverify models list` shows the models, `models fetch NAME` gets one."
        ),
        f"edgeverify: {desk.config}: 1 to correct",
    ]


@pytest.mark.parametrize("name", ["./" + "a" * 300, "a" * 300])
def test_a_name_of_a_model_that_no_file_can_have_is_refused_at_its_line(
    desk: Desk, name: str
) -> None:
    desk.write()
    desk.config.write_text(desk.config.read_text().replace(str(desk.bundle), name))
    said = desk.run("check-config", desk.config)
    assert (said.code, "model.bundle: " in said.err) == (78, True), said.err
    assert "File name too long" in said.err


def test_a_liveness_network_that_somebody_chose_must_be_there(desk: Desk) -> None:
    desk.write()
    bundle = f"  bundle: {desk.bundle}\n"
    text = desk.config.read_text().replace(bundle, f"{bundle}  pad_bundle: ./our-pad\n")
    desk.config.write_text(text)
    said = desk.run("check-config", desk.config)
    assert said.code == 78
    assert "model.pad_bundle: the model bundle" in said.err


def test_a_rate_beyond_the_evidence_stands_at_its_line_with_its_key_once(
    desk: Desk, tmp_path: Path
) -> None:
    bundle = tmp_path / "measured"
    shutil.copytree(desk.bundle, bundle)
    write_points(bundle, points_file(load_bundle(bundle).manifest, (point(1e-4, 0.45),)))
    desk = replace(desk, bundle=bundle)
    desk.write()
    desk.config.write_text(desk.config.read_text().replace("threshold: 0.45", "max_fmr: 1.0e-9"))
    said = desk.run("check-config", desk.config)
    assert said.code == 78
    assert said.err.count("max_fmr") == 1
    assert said.err.startswith(
        f"{desk.config}:5: decision.max_fmr 1e-09 is stricter than the evidence of the bundle "
    )


def test_a_name_that_a_hash_cuts_short_is_a_warning(desk: Desk) -> None:
    staff = '  - card: "1"\n    name: Ada #2\n    photos: [obama.jpg]\n'
    desk.config.write_text(f"door: front-door\nstaff:\n{staff}", encoding="utf-8")
    said = desk.run("check-config", "--no-photos", desk.config)
    assert said.code == 0
    assert f"warning: {desk.config}:4: staff[0].name: what follows ` #` is a comment" in said.err
