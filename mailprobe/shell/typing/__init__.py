"""How a line is typed: what may come next, how it looks, and what may be seen of it."""
