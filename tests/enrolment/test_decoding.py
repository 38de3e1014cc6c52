"""What is no picture at all, said alike by whoever decodes it."""

from __future__ import annotations

import pytest

from edgeverify.enrolment.decoding import decode
from edgeverify.errors import ImageError


def test_bytes_of_nothing_are_called_empty_wherever_they_come_from() -> None:
    """A folder that is aligned for a training says of a file what `enrol` says of it."""
    with pytest.raises(ImageError, match=r"gone.jpg: is empty \(0 bytes\)"):
        decode("gone.jpg", b"", max_megapixels=25)
