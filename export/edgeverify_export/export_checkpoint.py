"""`onnx` without the command line: read, fit, export, check, assemble."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from edgeverify.models.bundle_writer import EmbedderRecipe
from edgeverify.progress import Step, step_silently
from edgeverify_export.assemble import Assembled, assemble, bundle_name, require_free, tool_versions
from edgeverify_export.canonical_graph import simplified
from edgeverify_export.graph_identity import structure_sha256
from edgeverify_export.networks.architecture import require_embedding
from edgeverify_export.onnx_graph import export_graph, require_equal
from edgeverify_export.sessions import checked
from edgeverify_export.sources import load_network
from edgeverify_export.statement import Statement, resolve

if TYPE_CHECKING:
    import onnx

    from edgeverify_export.checkpoint_choice import Choice
    from edgeverify_export.networks.architecture import Architecture


def export_checkpoint(  # noqa: PLR0913 - what the command takes
    path: Path,
    arch: str,
    folder: Path,
    statement: Statement,
    *,
    name: str | None = None,
    licence: str = "owner's",
    batch: int | None = None,
    half: bool = True,
    choice: Choice | None = None,
    step: Step = step_silently,
) -> Assembled:
    """Make the bundle `folder` of a checkpoint.

    CheckpointError, ConfigError, ParityError or BundleError leave nothing behind.
    """
    require_free(folder)
    step("reading the checkpoint")
    loaded = load_network(path, arch, choice)
    resolved = resolve(statement, loaded.architecture)
    network, size = loaded.fitted.network, resolved.feeding.size
    depth = resolved.feeding.depth
    step("exporting to ONNX")
    model = export_graph(network, size, batch=batch, depth=depth)

    def require(candidate: onnx.ModelProto) -> object:
        return require_equal(network, candidate, size, batch=batch, depth=depth)

    structure = structure_sha256(model) if ":" in arch else ""
    model, remark = simplified(model, require)
    checked(model)
    outputs = model.graph.output[0].type.tensor_type.shape.dim[1].dim_value
    require_embedding(outputs, str(path))
    recipe = EmbedderRecipe(
        name=bundle_name(name, folder),
        arch=arch,
        source_sha256=loaded.checkpoint.sha256,
        weights_sha256=loaded.checkpoint.weights_sha256,
        structure_sha256=structure,
        feeding=resolved.feeding,
        template=resolved.template,
        alignment=resolved.alignment,
        embedding_size=outputs,
        mirror=resolved.mirror,
        metric=resolved.metric,
        normalise=resolved.normalise,
        licence=licence,
        notes=_notes(path, loaded.architecture),
        tool_versions=tool_versions("torch", "onnx"),
        sigmoid=loaded.fitted.sigmoid,
    )
    step(f"making the {'FP16 graph and the ' if half else ''}golden vectors")
    made = assemble(folder, recipe, model, half=half)
    return Assembled(
        made.bundle,
        (*loaded.checkpoint.remarks, remark, *_sigmoid(loaded.fitted.sigmoid), *made.remarks),
    )


def _notes(path: Path, architecture: Architecture | None) -> str:
    published = architecture.published_threshold if architecture else None
    if published is None:
        return f"from {path.name}"
    return f"from {path.name}; published operating point: cosine {published:g}, not measured here"


def _sigmoid(head: tuple[float, float] | None) -> tuple[str, ...]:
    if head is None:
        return ()
    return (f"sigmoid over the distance: weight {head[0]:.4g}, bias {head[1]:.4g} (recorded)",)
