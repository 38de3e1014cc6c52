"""What somebody is told of a config that is not taken."""

from __future__ import annotations

from pathlib import Path

import pytest

from edgeverify.config import ConfigProblemsError, load_config


def told(file: Path, text: str) -> list[str]:
    """Return the whole messages for this text, written to `file`; it must be refused with 78."""
    file.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigProblemsError) as caught:
        load_config(file)
    assert caught.value.exit_code == 78
    return [str(problem) for problem in caught.value.problems]
