"""What a person sends: lines, mail data, whole messages, logins."""
