"""TensorRT's own progress on our bars."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from edgeverify.progress import Progress
    from edgeverify.runtime.tensorrt.library import TensorRt


def progress_monitor(tensorrt: TensorRt, progress: Progress) -> Any | None:
    """Make an `IProgressMonitor`, or None where this TensorRT has none (8.x)."""
    base: Any = getattr(tensorrt.module, "IProgressMonitor", None)
    if base is None:
        return None

    class Monitor(base):  # type: ignore[misc]
        """One bar a phase; TensorRT calls this from several threads."""

        def __init__(self) -> None:
            super().__init__()
            self._steps: dict[str, int] = {}

        def phase_start(self, phase_name: str, parent_phase: str | None, num_steps: int) -> None:
            """Show a phase."""
            del parent_phase
            self._steps[phase_name] = num_steps
            progress(phase_name, 0, num_steps)

        def step_complete(self, phase_name: str, step: int) -> bool:
            """Move a phase's bar; False would cancel the build."""
            progress(phase_name, step + 1, self._steps.get(phase_name, 0))
            return True

        def phase_finish(self, phase_name: str) -> None:
            """Take the bar away."""
            steps = self._steps.pop(phase_name, 0)
            progress(phase_name, steps, steps)

    return Monitor()
