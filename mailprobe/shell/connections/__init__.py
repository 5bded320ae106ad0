"""How connections are made, kept beside each other, waited for and left."""
