"""The parts of `benchmarks/lfw_alignment.py`: what each choice between frame and chip wins."""
