"""From a run to a bundle: what the recipe says is the statement, the held-out people the proof."""
