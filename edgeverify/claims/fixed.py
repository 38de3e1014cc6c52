"""`fixed`: a room with one occupant, whose card every face there claims."""

from __future__ import annotations

from edgeverify.claims.source import SourceKind
from edgeverify.domain import ClaimSource

FIXED = ClaimSource(name="fixed", is_card_reader=False)

KIND = SourceKind(source=FIXED, card_for_face=lambda settings: settings.fixed_card)
