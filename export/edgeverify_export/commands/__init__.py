"""The commands of `edgeverify-export`, one module each; heavy imports inside the command."""
