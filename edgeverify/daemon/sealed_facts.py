"""Facts in the journal that nobody can change without the door's master key."""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass

from edgeverify.journal import Journal


@dataclass(frozen=True, slots=True)
class SealedFacts:
    """Each is kept as its text and an HMAC-SHA-256 over its name and text, in hexadecimal.

    `purpose` keeps the seals of one use apart from those of another.
    """

    journal: Journal
    secret: bytes
    purpose: str

    def read(self, name: str) -> str | None:
        """Return the text; None where there is none, or it was sealed by another key.

        Raises JournalUnavailableError.
        """
        text, _, seal = (self.journal.fact(name) or "").rpartition(" ")
        return text if text and hmac.compare_digest(seal, self._seal(name, text)) else None

    def keep(self, name: str, text: str) -> None:
        """Keep a text, where another is kept. Raises JournalUnavailableError."""
        if self.read(name) != text:
            self.journal.keep_fact(name, f"{text} {self._seal(name, text)}")

    def _seal(self, name: str, text: str) -> str:
        said = f"{self.purpose}\n{name}\n{text}".encode()
        return hmac.new(self.secret, said, hashlib.sha256).hexdigest()
