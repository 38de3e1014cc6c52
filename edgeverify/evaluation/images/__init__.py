"""Rates per comparison, from images of people."""
