"""Sessions for Python programs and notebooks; the root package re-exports what is here."""
