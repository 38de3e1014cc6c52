"""How weights move: optimisers, schedules, an average of the weights."""
