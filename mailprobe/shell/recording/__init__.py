"""The recordings of a shell or a pipe."""
