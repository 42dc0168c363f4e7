"""The command line: everything the dashboard can do, from a shell. One file a group of commands."""
