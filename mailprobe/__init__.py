"""mailprobe: raw SMTP, LMTP and POP3 sessions, typed by hand, recorded and understood."""
