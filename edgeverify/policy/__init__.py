"""The decision core: from a claim and what the camera sees to grant or deny.

Pure: no camera, model, clock, disk or network; time is always an argument. It starts at deny and
holds the only expression in the code base that constructs a grant (`transaction.py`).
"""

from edgeverify.policy.beginning import Moment, Subject, begin
from edgeverify.policy.transaction import Transaction

__all__ = ["Moment", "Subject", "Transaction", "begin"]
