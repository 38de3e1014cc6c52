"""YAML to `Settings`: every mistake at once, each with its file, line and key."""

from edgeverify.config.loading import LoadedConfig, load_config
from edgeverify.config.problems import ConfigProblemsError, Problem

__all__ = ["ConfigProblemsError", "LoadedConfig", "Problem", "load_config"]
