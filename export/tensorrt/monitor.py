"""TensorRT's own progress on our bar."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

    from edgeverify.runtime.trt_library import TensorRt


def progress_monitor(tensorrt: TensorRt, bar: Progress) -> Any | None:
    """Make an `IProgressMonitor`, or None where this TensorRT has none (8.x)."""
    base: Any = getattr(tensorrt.module, "IProgressMonitor", None)
    if base is None:
        return None

    class Monitor(base):  # type: ignore[misc]
        """One line a phase; TensorRT calls this from several threads."""

        def __init__(self) -> None:
            super().__init__()
            self._tasks: dict[str, TaskID] = {}

        def phase_start(self, phase_name: str, parent_phase: str | None, num_steps: int) -> None:
            """Show a phase; inner ones are indented."""
            indent = "  " if parent_phase else ""
            self._tasks[phase_name] = bar.add_task(f"{indent}{phase_name}", total=num_steps)

        def step_complete(self, phase_name: str, step: int) -> bool:
            """Move a phase's bar; False would cancel the build."""
            task = self._tasks.get(phase_name)
            if task is not None:
                bar.update(task, completed=step + 1)
            return True

        def phase_finish(self, phase_name: str) -> None:
            """Take the line away."""
            task = self._tasks.pop(phase_name, None)
            if task is not None:
                bar.remove_task(task)

    return Monitor()
