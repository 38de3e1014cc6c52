"""The real trained MobileFaceNet through every step, on real pairs."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from edgeverify_export.adopt import adopt_graph
from edgeverify_export.cli import app
from edgeverify_export.export_checkpoint import export_checkpoint
from edgeverify_export.parity.outcome import record_parity
from edgeverify_export.parity.report import as_json, write_report
from edgeverify_export.parity.run import run_parity
from edgeverify_export.parity.trial import Trial, gather
from edgeverify_export.statement import Statement
from edgeverify_export.variants import add_half, add_int8
from typer.testing import CliRunner

from edgeverify.bundle.loading import Bundle, load_bundle
from edgeverify.errors import BundleError
from edgeverify.models.build import fetch_bundle
from edgeverify.models.golden_check import check_golden
from edgeverify.runtime.open_session import open_session
from edgeverify.settings import ModelSettings

pytestmark = [pytest.mark.export, pytest.mark.slow]

PAIRS = 60


@pytest.fixture(scope="module")
def trial(testdata: Path, lfw: Path, tmp_path_factory: pytest.TempPathFactory) -> Trial:
    """60 mated and 60 non-mated pairs of LFW, spread over the list."""
    lines = (testdata / "annotations" / "lfw_pairs_share.txt").read_text().splitlines()[1:]
    kinds = ([line for line in lines if len(line.split()) == words] for words in (3, 4))
    chosen = [line for kind in kinds for line in kind[:: len(kind) // PAIRS][:PAIRS]]
    pairs = tmp_path_factory.mktemp("pairs") / "pairs.txt"
    pairs.write_text("\n".join([str(PAIRS), *chosen]) + "\n")
    return gather(lfw, pairs, show=False)


def exported(trained_models: Path, folder: Path, **stated: object) -> Bundle:
    return export_checkpoint(
        trained_models / "mobilefacenet.pt",
        "mobilefacenet",
        folder,
        Statement(**stated),  # type: ignore[arg-type]
    ).bundle


def test_parity_with_pytorch_passes_and_is_recorded(
    trained_models: Path, trial: Trial, tmp_path: Path
) -> None:
    bundle = exported(trained_models, tmp_path / "mobilefacenet")
    report = run_parity(bundle, trial, checkpoint=trained_models / "mobilefacenet.pt", show=False)
    assert report.failures == ()
    found = {(one.name, one.precision): one for one in report.comparisons}
    assert report.baseline.name == "pytorch"
    assert found["onnxruntime-cpu", "fp32"].min_cosine > 0.99999
    half = found["onnxruntime-cpu", "fp16"]
    assert half.min_cosine > 0.999
    assert half.max_score_difference < 0.005
    assert half.flipped == 0
    assert half.nan_count == 0
    assert {one.name for one in report.not_run} >= {"tensorrt"}

    words, picture = write_report(report, tmp_path / "parity")
    assert json.loads(words.read_text())["passed"] is True
    assert picture.read_bytes().startswith(b"\x89PNG")

    assert record_parity(report) == "recorded in the bundle's manifest"
    manifest = load_bundle(bundle.folder).manifest
    assert manifest.feeding_verified
    assert [one.precision for one in manifest.parity] == ["fp16"]
    assert manifest.embedding_space == bundle.manifest.embedding_space


@pytest.mark.parametrize(
    ("stated", "better"),
    [
        ({"channels": "bgr"}, "channels rgb"),
        ({"statistics": "raw"}, "statistics"),
        ({"template": "dlib-150"}, "alignment arcface-112"),
    ],
    ids=["colour order", "range", "alignment"],
)
def test_a_wrong_statement_is_found_by_real_pairs(
    trained_models: Path, trial: Trial, tmp_path: Path, stated: dict[str, str], better: str
) -> None:
    bundle = exported(trained_models, tmp_path / "wrong", **stated)
    # Golden vectors cannot know: they are consistent with the statement.
    session = open_session(bundle, ModelSettings(runtime="onnxruntime-cpu")).session
    assert check_golden(bundle, session) > 0.9999
    session.close()
    report = run_parity(bundle, trial, flips_needed=False, show=False)
    assert report.feeding is not None
    assert any(better in one.words for one in report.feeding.better), as_json(report)
    assert any("doubtful" in failure for failure in report.failures)
    assert not bundle.manifest.feeding_verified


def test_int8_is_accepted_only_through_the_gate(
    trained_models: Path, trial: Trial, tmp_path: Path
) -> None:
    bundle = exported(trained_models, tmp_path / "int8")
    made, attempts = add_int8(bundle, trial)
    assert attempts[-1].comparison.min_cosine >= 0.99
    assert made.manifest.int8_embedding_space not in (None, made.manifest.embedding_space)
    opened = open_session(made, ModelSettings(runtime="onnxruntime-cpu", precision="int8"))
    assert check_golden(made, opened.session) >= 0.99
    opened.session.close()


def test_adopting_the_published_graph_gives_the_same_answers(
    trained_models: Path, tmp_path: Path
) -> None:
    ours = exported(trained_models, tmp_path / "ours")
    made = adopt_graph(
        trained_models / "MobileFaceNet.onnx",
        tmp_path / "adopted",
        Statement(statistics="imagenet", template="arcface-112", metric="cosine"),
    )
    assert any("converted to 17" in remark for remark in made.remarks)
    session = open_session(made.bundle, ModelSettings(runtime="onnxruntime-cpu")).session
    assert check_golden(ours, session) > 0.9999
    session.close()


def test_a_fetched_bundle_shares_the_space_and_takes_fp16(
    trained_models: Path, tmp_path: Path
) -> None:
    folder = fetch_bundle("mobilefacenet", tmp_path / "models", source=trained_models)
    fetched = load_bundle(folder)
    ours = exported(trained_models, tmp_path / "ours")
    assert fetched.manifest.embedding_space == ours.manifest.embedding_space
    points = fetched.points
    with_half, _ = add_half(fetched)
    assert with_half.has("fp16")
    assert with_half.points == points
    session = open_session(
        with_half, ModelSettings(runtime="onnxruntime-cpu", precision="fp16")
    ).session
    assert check_golden(ours, session) > 0.999
    session.close()


def test_an_altered_bundle_is_refused(trained_models: Path, tmp_path: Path) -> None:
    bundle = exported(trained_models, tmp_path / "mine")
    model = bundle.folder / "model.onnx"
    data = bytearray(model.read_bytes())
    data[len(data) // 2] ^= 1
    model.write_bytes(data)
    with pytest.raises(BundleError, match="altered"):
        load_bundle(bundle.folder)


def test_the_commands_from_checkpoint_to_a_signed_bundle(
    trained_models: Path, tmp_path: Path
) -> None:
    def run(*words: object, code: int = 0) -> str:
        done = CliRunner().invoke(app, [str(word) for word in words])
        assert done.exit_code == code, done.output
        return done.output

    folder, key = tmp_path / "mine", tmp_path / "owner.pem"
    made = run("onnx", trained_models / "mobilefacenet.pt", "--arch", "mobilefacenet",
               "-o", folder)  # fmt: skip
    assert "feeding not verified" in made
    run("keygen", key)
    run("verify", folder, "--key", f"{key}.pub", code=78)
    run("sign", folder, "--key", key)
    run("verify", folder, "--key", f"{key}.pub")
    assert "signature          present" in run("inspect", folder)
    assert json.loads(run("inspect", folder, "--json"))["signed"] is True
    points = folder / "operating-points.json"
    points.write_text(points.read_text().replace("[]", "[ ]"))
    run("verify", folder, "--key", f"{key}.pub", code=78)


def test_parity_of_nothing_fails(trained_models: Path, tmp_path: Path) -> None:
    exported(trained_models, tmp_path / "mine")
    (tmp_path / "empty").mkdir()
    (tmp_path / "blank").mkdir()
    from PIL import Image  # noqa: PLC0415

    Image.fromarray(np.full((200, 200, 3), 120, np.uint8)).save(tmp_path / "blank" / "wall.png")
    for folder in ("empty", "blank", "missing"):
        done = CliRunner().invoke(
            app, ["parity", str(tmp_path / "mine"), "--images", str(tmp_path / folder),
                  "-o", str(tmp_path / "out")]
        )  # fmt: skip
        assert done.exit_code == 1, done.output
