"""`make test-fresh` runs what the README says: its block is there, and in the order it expects."""

from __future__ import annotations

from tests.fresh.__main__ import readme_lines, supported_debians


def test_the_readme_says_packages_then_clone_then_demo() -> None:
    apt, rest = readme_lines()
    assert apt.startswith("apt-get install -y ")
    assert {"git", "make", "python3-venv"} <= set(apt.split())
    assert [line.split()[0] for line in rest] == ["git", "make"]
    assert rest[-1] == "make demo"


def test_debian_12_is_always_tried() -> None:
    assert "bookworm" in supported_debians()
