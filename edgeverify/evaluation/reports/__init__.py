"""Reports: the figures of one evaluation with their pictures, written into a folder."""
