"""What is in the checkout must be in the wheel: a list in pyproject.toml says what, by hand."""

from __future__ import annotations

import re
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[2]


def test_every_package_is_carried() -> None:
    text = (CHECKOUT / "pyproject.toml").read_text(encoding="utf-8")
    block = text[text.index("[tool.setuptools]\npackages = [") :]
    said = set(re.findall(r'"(edgeverify[a-z_.]*)"', block[: block.index("]\n", 20)]))
    there = {
        ".".join(("edgeverify", *init.parent.relative_to(CHECKOUT / "edgeverify").parts))
        for init in (CHECKOUT / "edgeverify").rglob("__init__.py")
    }
    there |= {
        ".".join(("edgeverify_export", *init.parent.relative_to(CHECKOUT / "export").parts))
        for init in (CHECKOUT / "export").rglob("__init__.py")
    }
    assert said == there


def test_every_data_file_of_a_package_is_carried() -> None:
    """Catalogues and measured points are read at run time; the wheel must hold them."""
    text = (CHECKOUT / "pyproject.toml").read_text(encoding="utf-8")
    block = text[text.index("[tool.setuptools.package-data]") :]
    block = block[: block.index("\n\n")]
    said = {
        (name, pattern)
        for name, patterns in re.findall(
            r'^"(edgeverify[a-z_.]*)" = \[(.*)\]$', block, re.MULTILINE
        )
        for pattern in re.findall(r'"([^"]+)"', patterns)
    }
    left_out = []
    for path in (CHECKOUT / "edgeverify").rglob("*"):
        if path.is_dir() or path.suffix in {".py", ".pyc"}:
            continue
        carried = any(
            path.relative_to(CHECKOUT / name.replace(".", "/")).match(pattern)
            for name, pattern in said
            if path.is_relative_to(CHECKOUT / name.replace(".", "/"))
        )
        if not carried:
            left_out.append(str(path.relative_to(CHECKOUT)))
    assert left_out == []
