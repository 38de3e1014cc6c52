"""`python -m edgeverify`."""

from edgeverify.cli.main import main

if __name__ == "__main__":
    main()
