"""Everything that turns pixels into a comparison."""
