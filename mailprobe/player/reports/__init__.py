"""Reports of every kind: each takes results one by one, in order, and keeps none of them."""
