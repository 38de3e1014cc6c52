"""The command line. Modules here import only typer and the standard library at their top.

Everything heavy is imported inside a command, so that `edgeverify --help` answers at once.
"""
