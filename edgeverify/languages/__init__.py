"""What a person at the door is asked and told, in their language; the wire keeps the kinds."""

from edgeverify.languages.texts import TEXTS, LanguageError, say

KINDS = frozenset(TEXTS)
"""All that can be said; see `texts.py`."""

__all__ = ["KINDS", "LanguageError", "say"]
