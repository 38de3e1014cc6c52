"""What each choice between frame and chip costs or wins on LFW."""
