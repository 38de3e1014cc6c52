"""`walk_up`: no reader; everybody valid now counts as claimed by whoever walks up."""

from __future__ import annotations

from edgeverify.claims.source import SourceKind
from edgeverify.domain import ClaimSource

WALK_UP = ClaimSource(name="walk_up", is_card_reader=False, names_nobody=True)

KIND = SourceKind(source=WALK_UP, card_for_face=lambda _: "")
