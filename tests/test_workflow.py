"""The public workflow does what its comments say; GitHub alone runs it."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[1]
WORKFLOW = ROOT / ".github/workflows/ci.yml"


def _job() -> dict[str, Any]:
    (job,) = yaml.safe_load(WORKFLOW.read_text("utf-8"))["jobs"].values()
    assert isinstance(job, dict)
    return job


def test_it_runs_on_every_python_that_the_package_names() -> None:
    named = re.findall(
        r'"Programming Language :: Python :: (3\.\d+)"',
        (ROOT / "pyproject.toml").read_text("utf-8"),
    )
    assert len(named) >= 5
    assert _job()["strategy"]["matrix"]["python"] == named


def test_it_is_root_and_takes_along_what_the_step_sets() -> None:
    """Containers need root; `sudo` drops the environment, the Python that was set up included."""
    (step,) = [step for step in _job()["steps"] if ".ci/run" in step.get("run", "")]
    (line,) = [
        line for line in step["run"].replace("\\\n", " ").splitlines() if line.endswith(".ci/run")
    ]
    assert line.startswith("sudo env ")
    assert (ROOT / ".ci/run").is_file()
    for name in ("PATH", "LD_LIBRARY_PATH", *step["env"]):
        assert re.search(rf'"{name}=\$\{{?{name}', line), name
