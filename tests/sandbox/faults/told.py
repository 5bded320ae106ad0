"""What our own client says of each fault, as data: what is typed, and what pipe mode then tells."""

from dataclasses import dataclass

_HELLO = "EHLO me.test\n"
_BYE = "QUIT\n"
_ONE = f"{_HELLO}MAIL FROM:<a@me.test>\nRCPT TO:<alice@example.test>\n"
_TWO = f"{_ONE}RCPT TO:<bob@example.test>\n"
_DATA = "DATA\nSubject: x\n\nhello\n.\nQUIT\n"
_FOR_TWO = _TWO.replace("EHLO", "LHLO") + _DATA
_IN = "USER alice\nPASS secret\n"
_PLAIN = f"{_HELLO}AUTH PLAIN AGFsaWNlAHNlY3JldA==\nQUIT\n"
_NOOP = "NOOP\nQUIT\n"
_TLS = "EHLO x\nSTARTTLS\nEHLO x\nQUIT\n"
_ON = ("--keep-going",)
_LINT = ("--lint",)
_SHORT = ("--timeout", "1s")
_UPGRADE = ("--starttls", "--keep-going")
_IMPLICIT = ("--tls",)


@dataclass(frozen=True)
class Told:
    """One run: `says` stands in the last line on standard error, `shows` on standard output.

    `word` "" is a run that ends well.
    """

    protocol: str
    text: str
    word: str = ""
    says: str = ""
    shows: str = ""
    spec: str = ""  # how the fault is written; as its name
    options: tuple[str, ...] = ()


def _login(mechanism: str) -> tuple[str, ...]:
    return ("--auth", mechanism, "--user", "alice", "--password-env", "WORD")


def _refused(text: str, says: str, *, options: tuple[str, ...] = (), spec: str = "") -> Told:
    return Told("smtp", text, "refused", says, options=options, spec=spec)


def _pop3(text: str, shows: str, word: str = "", says: str = "", spec: str = "") -> Told:
    return Told("pop3", text, word, says, shows, spec)


def _linted(verbs: str, shows: str) -> Told:
    """Commands behind a login, and what --lint says of their replies."""
    text = _IN + "".join(f"{verb}\n" for verb in verbs.split("/")) + _BYE
    return Told("pop3", text, "mismatch", shows=shows, options=_LINT)


def _untrusted(says: str) -> Told:
    return Told("smtp", _BYE, "tls", says, options=_IMPLICIT)


def _shown(shows: str) -> Told:
    return Told("smtp", _NOOP, shows=f"S: 250 2.0.0 Here I am {shows}\n")


def _plainly(spec: str) -> Told:
    """A reply that comes in an odd way, and is a reply like any other."""
    return Told("smtp", _NOOP, shows="C: NOOP\nS: 250 2.0.0 Here I am\n", spec=spec)


TOLD: dict[str, Told] = {
    # ----------------------------------------------------------------- mail transactions
    "greylist": _refused(
        f"{_ONE}RCPT TO:<alice@example.test>\nQUIT\n",
        "1 command was refused; RCPT was answered: 451 4.7.1 Greylisted",
        options=_ON,
    ),
    "rcpt-some": _refused(_TWO + _BYE, "RCPT was answered: 550 5.1.1"),
    "rcpt-452": _refused(_TWO + _BYE, "RCPT was answered: 452 4.5.3"),
    "rcpt-orcpt": _refused(
        f"{_HELLO}MAIL FROM:<>\nRCPT TO:<bob@example.test> ORCPT=rfc822;bob@example.test\nQUIT\n",
        "RCPT was answered: 501 5.5.4 The ORCPT",
    ),
    "rcpt-251": Told("smtp", _ONE + _DATA, shows="S: 251 2.1.5 Not here"),
    "rcpt-252": Told("smtp", _ONE + _DATA, shows="S: 252 2.1.5 Unverified"),
    "rcpt-wordy": Told(
        "smtp",
        _ONE + _BYE,
        "refused",
        "RCPT was answered: 550 Nothing was delivered",
        "S: 550-Ask your postmaster",
    ),
    "rcpt-521": _refused(_ONE + _BYE, "RCPT was answered: 521 5.7.1"),
    "data-250": Told("smtp", _ONE + _DATA, "protocol", "DATA was answered by 250, no go-ahead"),
    "data-554": _refused(_ONE + _DATA, "DATA was answered: 554 5.7.1"),
    "data-for-nobody": Told(
        "smtp",
        _ONE + _DATA,
        "refused",
        "2 commands were refused",
        "S: 354 Send the message, and end it with a lone dot\n",
        options=_ON,
    ),
    "drop-in-data": Told(
        "smtp", _ONE + _DATA, "reset", "the connection was reset before a reply to the mail data"
    ),
    "refuse-in-data": _refused(_ONE + _DATA, "the mail data was answered: 552 5.3.4"),
    "bdat-452": Told(
        "smtp",
        f"{_ONE}BDAT 6\nhello\nBDAT 4 LAST\nbye\nQUIT\n",
        "refused",
        "2 commands were refused; BDAT was answered: 452 4.3.1",
        "S: 503 5.5.1 A chunk has failed",
        options=_ON,
    ),
    "lmtp-partial": Told(
        "lmtp",
        _FOR_TWO,
        "refused",
        "the mail for <bob@example.test> was answered: 552 5.2.2",
        "S: 250 2.0.0 <alice@example.test> Saved\nS: 552 5.2.2",
    ),
    "lmtp-missing": Told(
        "lmtp", _FOR_TWO, "timeout", "a reply to the mail data did not come", options=_SHORT
    ),
    # ---------------------------------------------------------------------------- logins
    "challenge-bare": Told(
        "smtp", f"{_HELLO}AUTH PLAIN\nAGFsaWNlAHNlY3JldA==\nQUIT\n", shows="S: 334\nC: ****\nS: 235"
    ),
    "challenge-text": _pop3(
        "AUTH PLAIN\nAGFsaWNlAHNlY3JldA==\nQUIT\n", "S: + go ahead, please\nC: ****\nS: +OK"
    ),
    "token-refused": Told(
        "smtp",
        "",
        "refused",
        "AUTH was answered: 535 5.7.8 The token is not accepted",
        options=_login("XOAUTH2"),
    ),
    "login-prompts": Told("smtp", "", shows="S: 235", options=_login("LOGIN")),
    "initial-refused": _refused(_PLAIN, "AUTH was answered: 501 5.5.4 No initial response here"),
    "initial-wanted": _refused(
        f"{_HELLO}AUTH PLAIN\nQUIT\n", "AUTH was answered: 501 5.5.4 The initial response is"
    ),
    "scram-signature": Told(
        "smtp",
        "",
        "security",
        "SCRAM-SHA-256: the server's final message is wrong",
        options=_login("SCRAM-SHA-256"),
    ),
    "auth-432": _refused(_PLAIN, "AUTH was answered: 432 4.7.12"),
    "auth-454": _refused(_PLAIN, "AUTH was answered: 454 4.7.0"),
    "auth-534": _refused(_PLAIN, "AUTH was answered: 534 5.7.9"),
    "auth-538": _refused(_PLAIN, "AUTH was answered: 538 5.7.11"),
    "mail-530": _refused(_ONE, "MAIL was answered: 530 5.7.0"),
    "slow-refusal": _pop3(
        "USER alice\nPASS wrong\n", "", "refused", "PASS was answered: -ERR", "slow-refusal:10ms"
    ),
    "in-use": _pop3(_IN, "", "refused", "but another session holds the maildrop", "in-use:10ms"),
    "login-delay": _pop3(_IN, "", "refused", "the last login is too short a while ago"),
    "sys-temp": _pop3(_IN, "", "refused", "the server is in trouble: try again later"),
    "sys-perm": _pop3(_IN, "", "refused", "in trouble until a person mends it"),
    "user-err": _pop3(_IN, "", "refused", "USER was answered: -ERR"),
    "apop-closes": _pop3(
        f"APOP alice {'0' * 32}\nQUIT\n", "", "refused", "APOP was answered: -ERR [AUTH]"
    ),
    "apop-ids": Told("pop3", "", shows="S: +OK alice's maildrop", options=_login("APOP")),
    "apop-none": Told(
        "pop3", "", "usage", "the greeting holds no timestamp", options=_login("APOP")
    ),
    "auth-list-err": _pop3("AUTH\nQUIT\n", "", "refused", "AUTH was answered: -ERR"),
    # ------------------------------------------------------------------------- maildrops
    "bare-ok": _pop3(_IN + _BYE, "C: QUIT\nS: +OK\n"),
    "blank-ok": _pop3(_IN + _BYE, "C: QUIT\nS: +OK \n"),
    "bare-err": _pop3("STAT\nQUIT\n", "S: -ERR\n", "refused", "STAT was answered: -ERR"),
    "lower-ok": _linted("LIST", "reply to LIST: status indicator in lower case"),
    "mixed-ok": _linted("LIST", "reply to LIST: status indicator in lower case"),
    "lone-plus": _pop3(_IN, "S: +\n", "protocol", "not a reply: +"),
    "wrong-count": _linted("RETR 1/NOOP", "2109 announced, 1053 came"),
    "stat-garbage": _linted("STAT", "reply to STAT: no drop listing"),
    "sizes-change": _pop3(f"{_IN}LIST\nQUIT\n", "S: 1 1053\n"),
    "empty-list": _linted("STAT/LIST", "4 with 7431 octets, and listed are 0 with 0"),
    "unended-list": Told(
        "pop3",
        f"{_IN}LIST\nQUIT\n",
        "timeout",
        "the end of the multi-line response did not come",
        options=_SHORT,
    ),
    "cut-body": _pop3(
        f"{_IN}RETR 1\nQUIT\n", "S: Subject: ", "eof", "closed in the middle of a multi-line"
    ),
    "body-lf": _pop3(f"{_IN}RETR 1\nNOOP\nQUIT\n", "S: and more\nS: .\nC: NOOP\nS: +OK Here"),
    "body-dot": _pop3(f"{_IN}RETR 1\nNOOP\nQUIT\n", "S: .undoubled\nS: .\nC: NOOP\nS: +OK Here"),
    "uidl-long": _linted("UIDL", "no unique-id: 1 to 70 characters"),
    "uidl-same": _linted("UIDL", "two messages, one unique-id: 1 and 2"),
    "uidl-shapes": _pop3(f"{_IN}UIDL\nQUIT\n", "S: 2 <2.mail@example.test>\n"),
    "uidl-err": _pop3(f"{_IN}UIDL\n", "", "refused", "UIDL was answered: -ERR"),
    "top-err": _pop3(f"{_IN}TOP 1 0\n", "", "refused", "TOP was answered: -ERR"),
    "capa-err": _pop3("CAPA\n", "", "refused", "CAPA was answered: -ERR"),
    "capa-dot": _pop3("CAPA\nQUIT\n", "S: ..DOTTED\nS: X-BEHIND\nS: .\nC: QUIT\n"),
    "capa-glued": _pop3("CAPA\nQUIT\n", "S: EXPIRENEVER\n"),
    "capa-changes": _pop3(f"{_IN}CAPA\nQUIT\n", "S: X-MOVE\nS: .\n"),
    "unknown-lines": _pop3(
        "MOVE 1\nQUIT\n", "S: +OK Here it is\n# unsolicited\n", "protocol", "not a reply: ."
    ),
    "other-habits": _pop3(
        f"{_IN}LAST\nDELE 1\nDELE 1\nNOOP x\n", "S: +OK Marked\n", "refused", "NOOP was answered"
    ),
    "other-style": _pop3(f"{_IN}NOOP\nQUIT\n", "C: NOOP\nS: +OK completed.\n"),
    "quit-temp": _pop3(f"{_IN}DELE 1\nQUIT\n", "", "refused", "QUIT was answered: -ERR [SYS/TEMP]"),
    # ------------------------------------------------------------- greetings and replies
    "mixed-codes": Told(
        "smtp",
        _NOOP,
        "mismatch",
        shows="reply to NOOP: the code changes inside the reply",
        options=_LINT,
    ),
    "bare-code": Told("smtp", _NOOP, shows="C: NOOP\nS: 250\nC: QUIT\nS: 221\n"),
    "no-enhanced": Told(
        "smtp",
        _HELLO + _NOOP,
        "mismatch",
        shows="ENHANCEDSTATUSCODES was offered, and a line has none",
        options=_LINT,
    ),
    "enhanced-class": Told(
        "smtp",
        _HELLO + _NOOP,
        "mismatch",
        shows="the enhanced status code is of another class than the reply code: 5.0.0",
        options=_LINT,
    ),
    "enhanced-varies": Told(
        "smtp",
        _HELLO + _NOOP,
        "mismatch",
        shows="the enhanced status code changes inside the reply: 2.5.0 behind 2.0.0",
        options=_LINT,
    ),
    "tarpit": _plainly("tarpit:10ms"),
    "postscreen": _plainly("postscreen:10ms"),
    "greeting-lines": Told("smtp", _NOOP, shows="S: 220-Mail is read by nobody but you\nS: 220 "),
    "greeting-554": _refused("QUIT\n", "the connection was answered: 554 5.3.2", options=_ON),
    "greeting-421": _refused("QUIT\n", "the connection was answered: 421 4.3.2"),
    "greeting-err": _pop3("QUIT\n", "", "refused", "the connection was answered: -ERR Too busy"),
    "late-421": Told(
        "smtp",
        _NOOP,
        "eof",
        "closed",
        "# unsolicited\nS: 421 4.3.2",
    ),
    "too-many-errors": _refused("HELO x\nFOO\nQUIT\n", "FOO was answered: 421 4.7.0"),
    "ehlo-502": Told(
        "smtp", "EHLO x\nHELO x\nQUIT\n", "refused", "EHLO was answered: 502", "221 ", options=_ON
    ),
    "ehlo-name": Told("smtp", _HELLO + _BYE, shows="S: 250-ETRN TURN\nS: 250-PIPELINING\n"),
    "ehlo-old-auth": Told("smtp", "", shows="S: 235", options=_login("CRAM-MD5")),
    "ehlo-layers": Told(
        "smtp",
        "",
        "refused",
        "AUTH was answered: 504 5.5.4 Try one of GSSAPI DIGEST-MD5 NTLM",
        options=_login("CRAM-MD5"),
    ),
    "vrfy-553": Told(
        "smtp", f"{_HELLO}VRFY alice\n", "refused", "VRFY was answered: 553", "S: 553-5.1.4 <alice@"
    ),
    "help-211": Told("smtp", "HELP\nQUIT\n", shows="S: 211-2.0.0 These"),
    "etrn": Told(
        "smtp",
        _HELLO + 6 * "ETRN example.test\n" + _BYE,
        "refused",
        "2 commands were refused; ETRN was answered: 458",
        "S: 253 2.0.0 3 mails",
        options=_ON,
    ),
    # ------------------------------------------------------------------------------- TLS
    "starttls-strip": Told(
        "smtp",
        _TLS,
        "refused",
        "TLS is required and STARTTLS was refused",
        "S: 250-XXXXXXXA\n",
        options=_UPGRADE,
    ),
    "starttls-454": Told(
        "smtp", _TLS, "refused", "TLS is required and STARTTLS", "S: 454 4.7.0", options=_UPGRADE
    ),
    "starttls-501": Told(
        "smtp", _TLS, "refused", "TLS is required and STARTTLS", "S: 501 5.5.4", options=_UPGRADE
    ),
    "starttls-503": Told(
        "smtp", _TLS, "refused", "TLS is required and STARTTLS", "S: 503 5.5.1", options=_UPGRADE
    ),
    "stls-err": Told(
        "pop3",
        "STLS\nUSER alice\nQUIT\n",
        "refused",
        "TLS is required and STLS was refused",
        options=_UPGRADE,
    ),
    "inject": Told(
        "smtp", _TLS, "security", "text was injected before TLS: 250 2.0.0", options=_UPGRADE
    ),
    "tls-alert": _untrusted("the TLS handshake failed: the peer refused"),
    "tls-closed": Told("smtp", _BYE, "eof", "in the middle of the TLS", options=_IMPLICIT),
    "tls-reset": Told("smtp", _BYE, "reset", "in the TLS handshake", options=_IMPLICIT),
    "tls-silent": Told(
        "smtp", _BYE, "timeout", "was not finished", "", "tls-silent:5s", (*_IMPLICIT, *_SHORT)
    ),
    "bad-cert": _untrusted("its issuer is not known"),
    "cert-self": _untrusted("it is self-signed"),
    "cert-expired": _untrusted("it has expired"),
    "cert-future": _untrusted("it is not valid yet"),
    "cert-name": _untrusted("it is for another address"),
    "cert-cn": _untrusted("it names its host in the common name alone"),
    "tls-old": _untrusted("the peer offers nothing newer than TLS 1.1"),
    "no-close-notify": Told(
        "pop3", _BYE, "mismatch", shows="without ending TLS", options=(*_IMPLICIT, *_LINT)
    ),
    "plain-on-tls": _untrusted("the peer spoke plain text: 220 "),
    "tls-on-plain": Told(
        "smtp", _BYE, "timeout", "a port that wants TLS at once is silent, too", options=_SHORT
    ),
    # --------------------------------------------------------------------------- wording
    "escape-codes": _shown(r"\u{1b}[2J\u{1b}[31mred\u{1b}[0m\u{1b}]0;title\u{7}"),
    "clipboard": _shown(r"\u{1b}]52;c;ZWNobyBoZWxsbwo=\u{7}"),
    "c1-codes": _shown(r"\x9b31m \u{9b}31m"),
    "bell": _shown(r"\u{7}\u{8}\u{8}"),
    "bidi": _shown(r"\u{202e}detpecca ton\u{202c}"),
    "zero-width": _shown(r"acc\u{200b}ept\u{2060}ed\u{2028}250 fine"),
    "overwrite": _shown(r"\r250 2.0.0 All is well"),
    "markup": _shown("[red]stop[/red] [/nope] <b>&amp; :skull:"),
    "nul": _shown(r"a\u{0}b"),
    "latin-1": _shown(r"Gr\xfc\xdfe"),
    "gb2312": _shown("\\xd3\\xca\\xcf\N{CJK UNIFIED IDEOGRAPH-4CBB}\\xb4\\xe6\\xd4\\xda"),
    "echo": Told(
        "smtp",
        f"{_HELLO}AUTH PLAIN AGFsaWNlAGh1bnRlcjI=\nhunter2\nQUIT\n",
        "refused",
        "535 5.7.8",
        "S: 500 5.5.1 There is no such command; HELP lists those that there are: ****\n",
        options=_ON,
    ),
    # -------------------------------------------------------------------------- the wire
    "bare-lf": Told("smtp", _NOOP, "mismatch", shows="reply to NOOP: bare LF", options=_LINT),
    "long-line": Told("smtp", _NOOP, "mismatch", shows="longer than 512 octets", options=_LINT),
    "endless-line": Told("smtp", _NOOP, "limit", "a reply line is longer than 65536 octets"),
    "garbage": Told("smtp", _NOOP, "protocol", "not a reply: What do you want?"),
    "code-000": Told("smtp", _NOOP, "protocol", "not a reply: 000"),
    "code-666": Told("smtp", _NOOP, "protocol", "not a reply: 666"),
    "telnet": Told("smtp", _NOOP, "protocol", "it speaks telnet"),
    "early-reply": Told("smtp", _NOOP, shows="# unsolicited\nS: 250 2.0.0 And this, too\nC: NOOP"),
    "surplus": Told(
        "smtp",
        f"NOOP\n{_NOOP}",
        shows="# unsolicited\nS: 250 2.0.0 And this, too\nC: NOOP\nS: 250 2.0.0 Here I am\nC: QUIT",
        spec="surplus@1",
    ),
    "split-reply": _plainly("split-reply:1ms"),
    "lone-cr": _plainly("lone-cr:1ms"),
    "drip": _plainly("drip:1ms"),
    "slow": _plainly("slow:10ms"),
    "no-reply": Told("smtp", _NOOP, "timeout", "a reply to NOOP did not come", options=_SHORT),
    "close-instead": Told("smtp", _NOOP, "eof", "closed without a reply to NOOP"),
    "reset-instead": Told("smtp", _NOOP, "reset", "reset before a reply to NOOP"),
    "cut-close": Told("smtp", _NOOP, "eof", "in the middle of a reply: 250 2.0.0", "S: 250 2.0.0"),
    "cut-reset": Told(
        "smtp", _NOOP, "reset", "in the middle of a reply: 250", spec="cut-reset:50ms"
    ),
    "cut-tls": Told(
        "smtp",
        _NOOP,
        "eof",
        "closed without close_notify in the middle of a reply: 250 2.0.0",
        options=_IMPLICIT,
    ),
    # Whether QUIT was on its way already, nobody knows.
    "close-behind": Told("smtp", _NOOP, "eof", "closed", "S: 250 2.0.0 Here I am\n"),
    "half-close": Told("smtp", _NOOP, "eof", "closed", "S: 250 2.0.0 Here I am\n"),
}

# These speak when nobody does: what is typed, how the fault is written, and what then comes.
UNASKED: dict[str, tuple[str, str, list[str]]] = {
    "early-421": ("", "early-421", ["# unsolicited", "S: 421 4.3.2 The server is going down"]),
    "data-421": (
        "HELO x\nMAIL FROM:<>\nRCPT TO:<alice@example.test>\nDATA\n",
        "data-421",
        [
            "C: HELO x",
            "S: 250 example.test",
            "C: MAIL FROM:<>",
            "S: 250 2.1.0 Sender accepted",
            "C: RCPT TO:<alice@example.test>",
            "S: 250 2.1.5 Recipient accepted",
            "C: DATA",
            "S: 354 Send the message, and end it with a lone dot",
            "# unsolicited",
            "S: 421 4.4.2 example.test Error: timeout exceeded",
        ],
    ),
    "idle-421": (
        "",
        "idle-421:100ms",
        ["# unsolicited", "S: 421 4.4.2 Nothing has come for too long, goodbye"],
    ),
    "afterthought": (
        "NOOP\n",
        "afterthought:100ms@1",
        [
            "C: NOOP",
            "S: 250 2.0.0 Here I am",
            "# unsolicited",
            "S: 250 2.0.0 And this, too",
        ],
    ),
}
