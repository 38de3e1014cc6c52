"""Before numpy is loaded: as in the door, OpenBLAS has no helper that waits busily."""

from __future__ import annotations

import os

from edgeverify.cli.native_libraries import one_thread_for_matrices

one_thread_for_matrices(os.environ)
