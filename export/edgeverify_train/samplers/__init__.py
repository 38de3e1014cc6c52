"""Which pictures meet in a batch: a list of batches for each epoch, drawn by the seed alone."""
