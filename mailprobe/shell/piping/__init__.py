"""Pipe mode: no terminal, no questions."""
