"""Transcripts out of what other programs print, and out of what people write about sessions."""
