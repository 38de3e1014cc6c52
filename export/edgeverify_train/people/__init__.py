"""Whose pictures a folder holds, who is held out, and who must not be trained on."""
