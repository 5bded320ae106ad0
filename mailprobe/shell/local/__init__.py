"""The commands that are for mailprobe and not for the server: a table, and rooms by subject."""
