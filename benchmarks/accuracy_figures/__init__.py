"""The figures that README, docs and `models list` show, measured in one go."""
