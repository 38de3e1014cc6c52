"""Whether the product finds what MediaPipe itself finds, on pictures of real people."""
