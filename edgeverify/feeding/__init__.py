"""What lies between a frame and a network's input: geometry, templates, chips, scaling."""
