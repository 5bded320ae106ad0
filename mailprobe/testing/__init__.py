"""What the pytest plugin does, once it is wanted."""
