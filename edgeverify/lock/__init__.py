"""`edgeverify-lock`: a small program of its own that opens one door for checked grants."""
