"""From a picture to an embedding, one stage a file; they meet in `edgeverify.verifier`."""
