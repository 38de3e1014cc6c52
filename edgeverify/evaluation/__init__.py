"""Measuring: what the door will do, on the owner's own people. Words follow ISO/IEC 19795-1."""
