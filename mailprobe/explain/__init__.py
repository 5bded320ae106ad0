"""What codes, commands and replies mean, in English and Chinese: of words, and of a dialogue."""
