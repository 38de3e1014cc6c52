"""The public workflow does what its comments say; GitHub alone runs it."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[1]
WORKFLOW = ROOT / ".github/workflows/ci.yml"


def _job(name: str) -> dict[str, Any]:
    job = yaml.safe_load(WORKFLOW.read_text("utf-8"))["jobs"][name]
    assert isinstance(job, dict)
    return job


def _line(job: str, ending: str) -> tuple[dict[str, Any], str]:
    """Return the step of a job that ends in this command, and the command's whole line."""
    (step,) = [step for step in _job(job)["steps"] if ending in step.get("run", "")]
    (line,) = [
        line for line in step["run"].replace("\\\n", " ").splitlines() if line.endswith(ending)
    ]
    return step, line


def test_it_runs_on_every_python_that_the_package_names() -> None:
    named = re.findall(
        r'"Programming Language :: Python :: (3\.\d+)"',
        (ROOT / "pyproject.toml").read_text("utf-8"),
    )
    assert len(named) >= 5
    assert _job("test")["strategy"]["matrix"]["python"] == named
    # Without a name the first Python of the machine that fits is taken: GitHub's own is 3.12.
    step, _ = _line("test", ".ci/run")
    assert step["env"]["PYTHON"] == "python${{ matrix.python }}"


@pytest.mark.parametrize(
    ("job", "ending"), [("test", "bash .ci/run"), ("lowest", "make test-lowest")]
)
def test_it_is_root_and_takes_along_what_the_step_sets(job: str, ending: str) -> None:
    """Containers need root; `sudo` drops the environment, the Python that was set up included."""
    step, line = _line(job, ending)
    assert line.startswith("sudo env ")
    for name in ("PATH", "LD_LIBRARY_PATH", *step["env"]):
        assert re.search(rf'"{name}=\$\{{?{name}', line), name


def test_what_it_calls_is_there() -> None:
    assert (ROOT / ".ci/run").is_file()
    assert "\ntest-lowest: ## " in (ROOT / "Makefile").read_text("utf-8")


def test_the_lowest_versions_run_on_the_lowest_python() -> None:
    lowest = _job("test")["strategy"]["matrix"]["python"][0]
    step, _ = _line("lowest", "make test-lowest")
    assert step["env"]["PYTHON"] == f"python{lowest}"
    assert step["env"]["CI"] == "true", "what is absent fails there, but for the material"
