"""What the words of real servers give away, where nothing but the reply is known."""

import pytest

from mailprobe.explain.explaining import of_words


@pytest.mark.parametrize(
    "line, says, now",
    [
        (
            "454 4.7.1 <x@y>: Relay access denied",
            "refused for now: this server does not relay for yo",
            "the domain is not of this server, which relays",
        ),
        (
            "504 5.5.2 <foo>: Helo command rejected: need fully-qualified hostname",
            "refused for the name in hello",
            "behind EHLO or HELO stands no whole host name,",
        ),
        (
            "450 4.7.1 <mail.x>: Helo command rejected: Host not found",
            "refused for the name in hello; 4.7.1: failed for n",
            "the DNS does not know the name that stands beh",
        ),
        (
            "450 4.7.1 Error: too much mail from 192.0.2.1",
            "refused for now: too much in a short time; 4.7.1: ",
            "your address sends more, or asks more, than th",
        ),
        (
            "450 4.7.1 Error: too many recipients from 192.0.2.1",
            "refused for now: too much in a short time; 4.7.1: ",
            "your address sends more, or asks more, than th",
        ),
        (
            "421 4.7.1 mail Error: too many errors",
            "the server closes the connection now: too many com",
            "too many commands failed in this session",
        ),
        (
            "502 5.5.2 Error: command not recognized",
            "the command is not carried out here",
            "switched off, never built in, or not even know",
        ),
        (
            "502 5.5.1 Unrecognized command. f1-20020",
            "the command is not carried out here",
            "switched off, never built in, or not even know",
        ),
        (
            "503 5.5.1 Error: authentication not enabled",
            "no login by AUTH here and now",
            "AUTH is not on offer here, or not before TLS",
        ),
        (
            "503 AUTH command used when not advertised",
            "no login by AUTH here and now",
            "AUTH is not on offer here, or not before TLS",
        ),
        (
            "503 5.5.0 <DATA>: rejected: Improper use of SMTP command pipelining",
            "refused: the client spoke out of turn",
            "something was sent before the server had answe",
        ),
        (
            "501 5.5.2 Error: bad base64",
            "the login is over: what was sent is no base64",
            "the answer is no base64: name and password wer",
        ),
        (
            "501 5.7.0 Authentication aborted",
            "the login was cancelled",
            "you cancelled the login by a lone *",
        ),
        (
            "535 5.7.8 Error: authentication failed: Invalid mechanism",
            "the server does not have this mechanism; 5.7.8: fa",
            "the server has not even looked at name and pas",
        ),
        (
            "554 5.5.1 Error: TLS already active",
            "TLS is on already",
            "the session is encrypted: it cannot be done tw",
        ),
        (
            "554 5.4.0 Error: too many hops",
            "the message goes round in a circle",
            "two servers forward to each other: the Receive",
        ),
        (
            "554 SMTP synchronization error",
            "refused: the client spoke out of turn",
            "something was sent before the server had answe",
        ),
        (
            "521 5.5.1 Protocol error",
            "refused: the client does not keep to the protocol",
            "postscreen of Postfix says so to a client that",
        ),
        (
            "521 5.5.2 mail Error: bare <LF> received",
            "refused: a line does not end with CR LF",
            "a lone LF or CR lets one message be smuggled i",
        ),
        (
            "550 5.5.2 mail Error: bare <LF> received",
            "refused: a line does not end with CR LF",
            "a lone LF or CR lets one message be smuggled i",
        ),
        (
            "550 5.5.1 Protocol error",
            "refused: the client does not keep to the protocol",
            "postscreen of Postfix says so to a client that",
        ),
        (
            "450 4.1.1 <x@y>: Recipient address rejected: unverified address: connect to mail.y",
            "refused for now: the address could not be checked;",
            "the server asks another host whether the addre",
        ),
        (
            "221 2.7.0 Error: I can break rules, too. Goodbye.",
            "the server closes the connection by itself",
            "what came is no SMTP: a request of the web, or",
        ),
        (
            "553 5.7.1 <a@b>: Sender address rejected: not owned by user bob",
            "refused: this sender is not yours; 5.7.1: failed f",
            "you are logged in as somebody else than this s",
        ),
        (
            "553 5.7.1 <a@b>: Sender address rejected: not logged in",
            "refused: this sender has to log in; 5.7.1: failed ",
            "the address belongs to a user of this server, ",
        ),
        (
            "535 5.7.3 Authentication unsuccessful",
            "the login failed; 5.7.3: failed for good: the logi",
            "the name, the password or the base64 is wrong:",
        ),
        (
            "550 5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient not found",
            "refused: there is no such mailbox; 5.1.10: failed ",
            "the domain is right, the name before the @ is ",
        ),
        (
            "550 5.4.1 Recipient address rejected: Access denied. AS(201806281)",
            "refused: no such mailbox, no access, or policy; 5.",
            "the server does not know this recipient, or do",
        ),
        (
            "534 5.7.9 Application-specific password required. Learn more at",
            "the login wants an app password; 5.7.9: failed for",
            "the account has a second factor: its usual pas",
        ),
        (
            "534 5.7.14 Please log in via your web browser and then try again.",
            "the login was stopped by the provider; 5.7.14: fai",
            "the provider doubts that it is you, and wants ",
        ),
        (
            "552 5.7.0 This message was blocked because its content presents a potential",
            "refused for the content of the message",
            "something in the message may not come in here:",
        ),
        (
            "450 4.2.1 The user is receiving mail at a rate that prevents",
            "refused for now: too much comes in for this mailbo",
            "in a short time more mail came for this mailbo",
        ),
        (
            "500 5.3.3 Unrecognized command",
            "no such command, or the line is too long; 5.3.3: f",
            "the server does not have this command, or it i",
        ),
        (
            "452 4.3.1 Insufficient system resources",
            "refused for now: the server is short of resources;",
            "memory, disk or queues of the server run short",
        ),
        ("-ERR Unknown command.", "not done", "the server has no such command, or not in this"),
        (
            "-ERR There's no message 9.",
            "not done",
            "no message has this number: they run from 1 to",
        ),
        ("-ERR No username given.", "not done", "PASS goes straight behind USER, and no name st"),
        ("-ERR TLS is already active.", "not done", "TLS is on already"),
        ("-ERR LOGIN FAILED", "not done", "the name or the password is wrong"),
        (
            "-ERR Logon failure: unknown user name or bad password.",
            "not done",
            "the name or the password is wrong",
        ),
        (
            '-ERR Password supplied for "bob" is incorrect.',
            "not done",
            "the name or the password is wrong",
        ),
        ("-ERR POP EOF or I/O Error", "not done", "the server could no longer read what came, or "),
        (
            "-ERR /var/mail/alice lock busy! Is another session active? (11)",
            "not done",
            "another session holds the maildrop: name and p",
        ),
        (
            "-ERR this user has no $HOME/Maildir",
            "not done",
            "the login may be right, but this user has no m",
        ),
        ("+OK Begin TLS negotiation now.", "done", "the next octets are the TLS handshake"),
        (
            "+OK Dovecot ready. <1.2.3@host>",
            "done",
            "most often the greeting: the server always spe",
        ),
        (
            "+OK Qpopper (version 4.0.5) at mail starting.  <2.3@host>",
            "done",
            "most often the greeting: the server always spe",
        ),
        (
            "550 5.1.1 <x@y>: Recipient address rejected: User unknown in relay recipient table",
            "refused: there is no such mailbox; 5.1.1: failed f",
            "the domain is right, the name before the @ is ",
        ),
        (
            "503 STARTTLS command used when not advertised",
            "no STARTTLS here and now",
            "the server does not offer STARTTLS, or not at ",
        ),
        (
            "535 5.7.139 unsuccessful, basic authentication is disabled",
            "this way to log in is switched off; 5.7.139: faile",
            "the administrator or the provider lets nobody ",
        ),
        (
            "450 4.2.0 <x@y>: Recipient address rejected: Greylisted",
            "refused for now: a stranger has to come back",
            "greylisting: who comes back is no spammer",
        ),
        (
            "554 5.7.1 Service unavailable; Client host [192.0.2.1] blocked using zen.spamhaus.org",
            "refused: a blocklist names you; 5.7.1: failed for ",
            "your address stands on a blocklist, which the ",
        ),
        (
            "450 4.7.1 Client host rejected: cannot find your hostname, [192.0.2.1]",
            "refused for the name of your address; 4.7.1: faile",
            "the DNS has no name for your address, or one t",
        ),
        (
            "421 4.7.0 mail Error: too many connections from 192.0.2.1",
            "the server closes the connection now: you have too",
            "your address has too many connections open, or",
        ),
        (
            "421 4.4.2 mail Error: timeout exceeded",
            "the server closes the connection now; 4.4.2: faile",
            "nothing came from you for too long",
        ),
        (
            "550 5.7.60 SMTP; Client does not have permissions to send as this sender",
            "refused: this sender is not yours; 5.7.60: failed ",
            "you are logged in as somebody else than this s",
        ),
        (
            "504 5.5.2 <bob>: Recipient address rejected: need fully-qualified address",
            "refused: the domain of an address is not whole",
            "what stands behind the @ is no whole name: a d",
        ),
        ("+OK POP3 server signing off", "done", "the session ends"),
        ("+OK Logged in.", "done", "the maildrop is open: this is the TRANSACTION "),
        (
            "535 5.7.8 Error: authentication failed: UGFzc3dvcmQ6",
            "the login failed; 5.7.8: failed for good: the name",
            "the name, the password or the base64 is wrong:",
        ),
        (
            "454 4.7.0 TLS not available due to local problem",
            "not available for the moment: TLS or login",
            "TLS or the list of users is out of order at th",
        ),
        (
            "530 5.7.0 Must issue a STARTTLS command first",
            "first log in, or start TLS",
            "this server takes nothing without TLS",
        ),
        (
            "550 5.4.1 no answer",
            "refused: no such mailbox, no access, or policy; 5.",
            "the server tried to hand the message on, and n",
        ),
        (
            "553 sorry, that domain isn't in my list of allowed rcpthosts (#5.7.1)",
            "refused: this server does not relay for you",
            "the domain is not of this server, which relays",
        ),
        (
            "550 relay not permitted",
            "refused: this server does not relay for you",
            "the domain is not of this server, which relays",
        ),
        ("250 2.0.0 OK relaying for you", "done", "the command was carried out; only after the lo"),
        (
            "452 4.5.3 Error: too many recipients",
            "no room for it now, or too many recipients; 4.5.3:",
            "the server takes so many recipients in one mai",
        ),
        (
            "550 5.7.1 Spam message rejected",
            "refused: no such mailbox, no access, or policy; 5.",
            "the content looks like spam to the server",
        ),
        (
            "503 5.5.1 Error: already authenticated",
            "no second login",
            "you are logged in already",
        ),
        (
            "503 5.5.1 Error: send HELO/EHLO first",
            "the command comes at the wrong time",
            "nobody has said hello yet",
        ),
        (
            "503 5.5.1 Error: need MAIL command",
            "the command comes at the wrong time",
            "no mail transaction is open: MAIL comes first",
        ),
        (
            "503 5.5.1 Error: need RCPT command",
            "the command comes at the wrong time",
            "every RCPT was refused, or none was sent",
        ),
        (
            "503 5.5.1 Error: nested MAIL command",
            "the command comes at the wrong time",
            "the mail transaction before is still open",
        ),
        (
            "554 5.5.1 Error: no valid recipients",
            "refused: no recipient was accepted",
            "every RCPT was refused, or none was sent",
        ),
        (
            "550 5.1.0 <a@b.test>: Sender address rejected: User unknown",
            "refused: the address of the sender does not exist",
            "the server looked for the address behind MAIL ",
        ),
        (
            "450 4.1.8 <a@b.test>: Sender address rejected: Domain not found",
            "refused for now: the DNS has no good answer for th",
            "the DNS has no good answer for a name that was",
        ),
        (
            "451 4.3.0 Error: queue file write error",
            "failed for now inside the server",
            "the server could not write the message down: a",
        ),
        (
            "551 5.0.0 Discarded 5 bytes after earlier error",
            "the octets of the chunk were thrown away",
            "the message had failed before, or the chunk wa",
        ),
        (
            "501 5.7.1 DSN support is disabled",
            "the parameters for delivery reports are not taken;",
            "the server offers no DSN, or none to you: NOTI",
        ),
        (
            "500 5.5.2 Error: bad UTF-8 syntax",
            "the line cannot be read: it is no UTF-8",
            "octets beyond ASCII stand in the line, in anot",
        ),
        (
            "550 5.6.0 improper use of 8-bit data in message header",
            "refused for the content of the message",
            "something in the message may not come in here:",
        ),
        (
            "501 5.5.4 Syntax: VRFY address",
            "the arguments are wrong, or the login was cancelle",
            "the command is not written in the form that th",
        ),
        (
            "-ERR Unsupported authentication mechanism.",
            "not done",
            "the server does not have this mechanism: it ha",
        ),
        (
            "-ERR [AUTH] Authentication aborted by client.",
            "not done; [AUTH]: the name, the password or the ac",
            "you cancelled the login by a lone *",
        ),
        (
            "-ERR [AUTH] Invalid base64 data in continued response",
            "not done; [AUTH]: the name, the password or the ac",
            "the answer is no base64: name and password wer",
        ),
        (
            "550-5.7.26 This mail has been blocked because the sender is unauthenticated.",
            "refused: no such mailbox, no access, or policy; 5.",
            "more than one check speaks against the message",
        ),
        (
            "501 5.0.0 HELO requires domain address",
            "refused for the name in hello",
            "behind EHLO or HELO stands no whole host name,",
        ),
        (
            "421 4.7.0 mail.test Too many open connections.",
            "the server closes the connection now: you have too",
            "your address has too many connections open, or",
        ),
        (
            "432 4.3.2 Concurrent connections limit exceeded",
            "refused for now: too many connections; 4.3.2: fail",
            "your address has too many connections open, or",
        ),
        (
            "554 Too many nonmail commands",
            "refused: too many commands failed, or did nothing",
            "the server has had enough of commands that bri",
        ),
        (
            "503 sender not yet given",
            "the command comes at the wrong time",
            "no mail transaction is open: MAIL comes first",
        ),
        (
            "503 valid RCPT command must precede DATA",
            "the command comes at the wrong time",
            "every RCPT was refused, or none was sent",
        ),
        ("-ERR Unable to log on", "not done", "the name or the password is wrong"),
        ("-ERR authorization failed", "not done", "the name or the password is wrong"),
        (
            "-ERR [SYS/PERM] Your account is not enabled for POP access.",
            "not done; [SYS/PERM]: the server is in trouble unt",
            "POP3 is switched off for this account, or for ",
        ),
        ("-ERR bad arguments", "not done", "the command is not written as the server wants"),
        ("+OK message 1 deleted", "done", "only marked: it goes when QUIT ends the sessio"),
        ("+OK password required for bob", "done", "USER was heard, which proves nothing: servers "),
        ("+OK Marked to be deleted.", "done", "only marked: it goes when QUIT ends the sessio"),
        ("-ERR Invalid login or password", "not done", "the name or the password is wrong"),
        (
            "535 5.7.8 Error: authentication failed: bad protocol",
            "the login failed; 5.7.8: failed for good: the name",
            "the name, the password or the base64 is wrong:",
        ),
    ],
)
def test_a_reply_alone(line: str, says: str, now: str) -> None:
    """Postfix, Exim, Gmail, Exchange, Dovecot, Qpopper and others: many use one code for much."""
    (found,) = of_words([line])
    assert found.says.en.startswith(says)
    assert found.now is not None
    assert found.now.en.startswith(now)
    assert found.next is not None
    assert found.next != found.now


@pytest.mark.parametrize("code", ["2.7.1", "2.6.0", "2.1.1", "2.2.2"])
def test_a_success_is_not_told_as_a_failure(code: str) -> None:
    """The details have their names from failures; of a success only class and subject are said."""
    (found,) = of_words([code])
    assert found.says.en.startswith("success: about ")


@pytest.mark.parametrize(
    "words, says, then",
    [
        ("RCPT 454 4.7.1", "refused for now: most often relaying", "where it is about relaying"),
        ("AUTH 503", "or AUTH is not on offer", "STARTTLS may bring it"),
        ("EHLO 502 5.5.2 Error: command not recognized", "an old server", "try HELO"),
        ("PASS -ERR Authentication failed.", "", "USER again"),
        ("APOP -ERR authentication failed", "", "compute it anew"),
    ],
)
def test_the_command_counts_too(words: str, says: str, then: str) -> None:
    """A word that every server says does not hide what is known of the command."""
    (found,) = of_words([words])
    assert says in found.says.en
    assert found.next is not None
    assert then in found.next.en


def test_what_is_refused_for_good_is_not_to_be_sent_again() -> None:
    """5yz means: do not repeat (RFC 5321, section 4.2.1)."""
    for code in ("5.3.1", "5.4.1", "5.4.3", "5.4.5", "5.7.28"):
        (found,) = of_words([f"550 {code} no"])
        assert found.next is not None
        assert "again later" not in found.next.en
