"""The commands of `edgeverify-train`, one module each; torch is imported inside them."""
