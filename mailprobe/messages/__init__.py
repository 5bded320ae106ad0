"""Messages: composed, measured, sent in mail transactions, fetched and kept."""
