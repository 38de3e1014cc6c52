"""Distillation: a small network learns the embedding of an installed bundle, without labels."""
