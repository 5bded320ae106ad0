"""What a person reads again: answers, bodies, messages."""
