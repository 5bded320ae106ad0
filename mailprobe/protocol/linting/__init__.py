"""What a server does that an RFC does not allow: a table of rules, and who applies them."""
