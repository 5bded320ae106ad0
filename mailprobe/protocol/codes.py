"""Reply codes and POP3 response codes, each in a few words.

What a code says in answer to one certain verb stands in that verb's row; here is what it says
anywhere.  Enhanced status codes stand in `enhanced`.
"""

# RFC 5321, section 4.2.3, unless the line names another source
REPLY_CODES: dict[str, str] = {
    "200": "done, in a number that no RFC knows",  # sendmail, to VERB and ONEX
    "211": "the state of the system, or help",
    "214": "help for people",
    "220": "ready",
    "221": "goodbye: the connection closes",
    "235": "logged in",  # RFC 4954, section 6
    "250": "done",
    "251": "not local, but will be forwarded",
    "252": "not verified; the server will try to deliver",
    "253": "mail is waiting, and the queue was started",  # RFC 1985, section 5
    "334": "the login goes on: a challenge in base64",  # RFC 4954, section 4
    "353": "send the message; one reply for each recipient will come first",  # draft-hall-prdr
    "354": "send the message, and end it with a lone dot",
    "355": "send the message from this octet on",  # RFC 1845
    "421": "the server closes the connection now",
    "422": "the password must be stored anew before this works",  # RFC 5248, registry
    "430": "named by the registry beside X.5.1; no RFC says what it means",  # RFC 5248, registry
    "432": "the password must be stored anew before this works",  # RFC 4954, section 6
    "450": "the mailbox cannot be used now: busy, or greylisted",
    "451": "the server failed at it: try again later",
    "452": "no room for it now, or too many recipients",
    "453": "no mail is waiting for you",  # RFC 2645, section 5.2.1
    "454": "not available for the moment: TLS or login",  # RFC 3207, section 4; RFC 4954, section 6
    "455": "the parameters cannot be honoured now",
    "458": "mail for that node cannot be queued",  # RFC 1985, section 5
    "459": "that node is not allowed",  # RFC 1985, section 5
    "500": "no such command, or the line is too long",
    "501": "the arguments are wrong, or the login was cancelled",
    "502": "the command is not carried out here",
    "503": "the command comes at the wrong time",
    "504": "a parameter or a mechanism that is not supported here",
    "521": "no mail is taken at this host",  # RFC 7504, section 3
    "523": "encryption is needed",  # RFC 5248, registry
    "524": "this mechanism wants encryption",  # RFC 5248, registry
    "525": "the account is blocked",  # RFC 5248, registry
    "530": "first log in, or start TLS",  # RFC 4954, section 6; RFC 3207, section 4
    "533": "named by the registry beside X.7.1; no RFC says what it means",  # RFC 5248, registry
    "534": "the mechanism is too weak",  # RFC 4954, section 6
    "535": "the login failed",  # RFC 4954, section 6
    "538": "this mechanism wants encryption",  # RFC 4954, section 6
    "550": "refused: no such mailbox, no access, or policy",
    "551": "not local: send it to the address named",
    "552": "too large, or over quota",
    "553": "the name of the mailbox is not allowed, or not clear",
    "554": "failed; as a greeting: no mail service here",
    "555": "the parameters of MAIL or RCPT are not known here",
    "556": "that domain takes no mail",  # RFC 7504, section 4
    "+OK": "done",  # RFC 1939, section 3
    "-ERR": "not done",  # RFC 1939, section 3
    "+": "the login goes on: a challenge in base64",  # RFC 5034, section 4
}

# The response codes of POP3, without brackets, upper case (RFC 2449, section 8)
RESPONSE_CODES: dict[str, str] = {
    "LOGIN-DELAY": "the last login is too short a while ago",  # RFC 2449, section 8.1.1
    "IN-USE": "the login is right, but another session holds the maildrop",  # section 8.1.2
    "SYS/TEMP": "the server is in trouble: try again later",  # RFC 3206, section 4
    "SYS/PERM": "the server is in trouble until a person mends it",  # RFC 3206, section 4
    "AUTH": "the name, the password or the account is the trouble",  # RFC 3206, section 5
    "UTF8": "this needs UTF-8 mode: send UTF8 before the login",  # RFC 6856, section 5
}
