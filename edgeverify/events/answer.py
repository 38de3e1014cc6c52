"""The answer to one claim: the decision under that claim's own id, signed as an answer alone."""

from __future__ import annotations

from dataclasses import replace

from edgeverify.events.envelope import EventKind, encode_event
from edgeverify.events.payload import DecisionPayload
from edgeverify.events.signing import Signer, sign


def encode_answer(
    decision: DecisionPayload, claim_id: str, signer: Signer, *, language: str = ""
) -> bytes:
    """Write what was decided on the claim `claim_id`, which may have joined another's attempt.

    `language` (a BCP 47 tag) is that of whoever claimed, for a screen; it is not signed.
    The signature stands over another context than a decision's, so that a lock refuses it.
    """
    asked = replace(decision, claim_id=claim_id)
    signed = sign(asked, signer, context=EventKind.ANSWER.context)
    decided_claim = decision.claim_id if decision.claim_id != claim_id else ""
    return encode_event(signed, EventKind.ANSWER, decided_claim=decided_claim, language=language)
