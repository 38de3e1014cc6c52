"""Whether the engines that were built answer as the bundle states."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack, closing
from typing import TYPE_CHECKING

from edgeverify.bundle.fusion import EmbedderBundle
from edgeverify.bundle.loading import PadBundle
from edgeverify.models.golden_check import check_golden, check_pad_golden
from edgeverify.runtime.tensorrt.session import TensorRtSession

if TYPE_CHECKING:
    from edgeverify.bundle.manifest import Precision
    from edgeverify.runtime.session import Network
    from edgeverify.runtime.tensorrt.library import TensorRt


def networks_of(bundle: EmbedderBundle | PadBundle) -> Sequence[Network]:
    """Return what engines are built of: the embedder's networks, or those of a PAD bundle."""
    return bundle.networks if isinstance(bundle, PadBundle) else bundle.parts


def check_engines(
    bundle: EmbedderBundle | PadBundle, tensorrt: TensorRt, precision: Precision
) -> float:
    """Run the golden vectors through the engines; the lowest cosine, or BundleError."""
    with ExitStack() as stack:
        sessions = [
            stack.enter_context(closing(TensorRtSession(network, tensorrt, precision)))
            for network in networks_of(bundle)
        ]
        if isinstance(bundle, PadBundle):
            return check_pad_golden(bundle, sessions)
        parts = zip(bundle.parts, sessions, strict=True)
        return min(check_golden(part, session) for part, session in parts)
