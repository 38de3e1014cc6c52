"""Is a folder of faces fit to be trained on: whose pictures, how many, and who is who."""
