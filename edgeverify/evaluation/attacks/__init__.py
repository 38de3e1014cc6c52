"""Presentation attacks: how often they pass, how often people are taken for one."""
