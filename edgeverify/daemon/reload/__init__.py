"""A config that changed, made ready beside the running door."""
