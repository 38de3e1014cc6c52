"""`python -m edgeverify`."""

from edgeverify.cli.main import main

main()
