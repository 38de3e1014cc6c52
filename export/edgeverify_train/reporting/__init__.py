"""What a training came to, in figures and pictures, on people who were not trained on."""
