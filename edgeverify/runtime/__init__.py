"""Model bundles and the inference back ends that run them."""
