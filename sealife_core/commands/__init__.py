"""The command line: everything that the dashboard can do. One file per group of commands."""
