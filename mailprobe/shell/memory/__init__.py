"""What the shell remembers from one run to the next."""
