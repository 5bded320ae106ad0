"""What a set of DNS answers means for the mail of a domain, part by part, in words."""
