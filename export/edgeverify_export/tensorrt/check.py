"""Whether the engines that were built answer as the bundle states."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack, closing
from typing import TYPE_CHECKING

from edgeverify.bundle.loading import Bundle, PadBundle
from edgeverify.models.golden_check import check_golden, check_pad_golden
from edgeverify.runtime.tensorrt.session import TensorRtSession

if TYPE_CHECKING:
    from edgeverify.bundle.manifest import Precision
    from edgeverify.runtime.network import Network
    from edgeverify.runtime.tensorrt.library import TensorRt


def networks_of(bundle: Bundle | PadBundle) -> Sequence[Network]:
    """Give what engines are built of: the embedder, or every network of a PAD bundle."""
    return (bundle,) if isinstance(bundle, Bundle) else bundle.networks


def check_engines(bundle: Bundle | PadBundle, tensorrt: TensorRt, precision: Precision) -> float:
    """Run the golden vectors through the engines; the lowest cosine, or BundleError."""
    with ExitStack() as stack:
        sessions = [
            stack.enter_context(closing(TensorRtSession(network, tensorrt, precision)))
            for network in networks_of(bundle)
        ]
        if isinstance(bundle, Bundle):
            return check_golden(bundle, sessions[0])
        return check_pad_golden(bundle, sessions)
