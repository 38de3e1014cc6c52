"""From a picture to an embedding, one stage per file; they meet in `edgeverify.verifier`."""
