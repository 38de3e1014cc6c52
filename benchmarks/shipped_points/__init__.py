"""The operating points that a release ships, made from the shared test data."""
