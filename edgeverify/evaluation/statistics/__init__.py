"""Scores, rates and their bounds."""
