"""From a picture to an embedding, one stage a file; the stages meet in `edgeverify.pipeline`."""
