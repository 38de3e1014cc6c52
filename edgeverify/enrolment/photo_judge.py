"""What photos are judged by: the door's own pipeline, opened only for the first that needs it.

A reload that changes nobody's photo then costs no second detector and mesh (45 MiB).
"""

from __future__ import annotations

from collections.abc import Callable

from edgeverify.comparison import Metric
from edgeverify.verifier.pipeline import Pipeline


class PhotoJudge:
    """The model's space, metric and threshold at once; a pipeline when it is asked for."""

    def __init__(
        self,
        open_pipeline: Callable[[], Pipeline],
        *,
        embedding_space: str,
        metric: Metric,
        threshold: float,
    ) -> None:
        """`threshold` is the score, in `metric`, above which two photos look alike.

        What `open_pipeline` opens is closed by `close`.
        """
        self.embedding_space = embedding_space
        self.metric: Metric = metric
        self.threshold = threshold
        self._open_pipeline = open_pipeline
        self._pipeline: Pipeline | None = None
        self._is_shared = False

    @classmethod
    def using(cls, pipeline: Pipeline, *, threshold: float) -> PhotoJudge:
        """Judge by a pipeline that is open already, and stays open."""
        judge = cls(
            lambda: pipeline,
            embedding_space=pipeline.embedder.embedding_space,
            metric=pipeline.embedder.metric,
            threshold=threshold,
        )
        judge._is_shared = True
        return judge

    @property
    def pipeline(self) -> Pipeline:
        """The pipeline, opened now where it is not yet."""
        if self._pipeline is None:
            self._pipeline = self._open_pipeline()
        return self._pipeline

    def close(self) -> None:
        """Free the pipeline where one was opened for this judge alone."""
        if self._pipeline is not None and not self._is_shared:
            self._pipeline.close()
        self._pipeline = None
