"""The format in which a model travels: manifest, hashes, signature, operating points."""
