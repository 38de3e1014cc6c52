"""Whether a camera shows colour, without changing its mind at every grey jacket. Pure."""

from __future__ import annotations

SETTLED_SECONDS = 2.0


class MonochromeWatch:
    """Follows a camera that turns grey at dusk once it has been so for two seconds, and back."""

    def __init__(self) -> None:
        self.is_monochrome = False
        self._differs_since: float | None = None
        self._has_begun = False

    def look(self, at: float, *, is_monochrome: bool) -> None:
        """Take in a picture, captured `at` seconds; the first decides at once."""
        if not self._has_begun:
            self._has_begun, self.is_monochrome = True, is_monochrome
        if is_monochrome is self.is_monochrome:
            self._differs_since = None
            return
        if self._differs_since is None:
            self._differs_since = at
        if at - self._differs_since >= SETTLED_SECONDS:
            self.is_monochrome, self._differs_since = is_monochrome, None
