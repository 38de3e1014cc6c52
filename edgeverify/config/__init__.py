"""YAML to `Settings`: every mistake at once, each with its file, line and key."""

from edgeverify.config.loading import LoadedConfig, load_config
from edgeverify.config.problems import ConfigProblemsError

__all__ = ["ConfigProblemsError", "LoadedConfig", "load_config"]
