"""Keyboards and screens: the full shell on prompt_toolkit, the plain one, and what both do."""
