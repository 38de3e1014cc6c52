"""This release and the one before LiteRT, measured side by side."""
