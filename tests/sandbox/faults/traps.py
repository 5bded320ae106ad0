"""The traps of the field, as data: what real servers do, and by which fault the sandbox does it.

`faults` names rows of the table; each has its transcript, and what our client says of it.
`shown` names transcripts of what the sandbox does without any fault.  Where both are empty,
`whose` says why no server can set the trap: it is the client's own, or somebody else's.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Trap:
    what: str
    faults: str = ""
    shown: str = ""
    whose: str = ""


CLIENT, PEOPLE, LOOKUP, FILES = "the client's", "the terminal's", "the name server's", "the file's"


def _own(what: str, whose: str = CLIENT) -> Trap:
    return Trap(what, whose=whose)


FRAMING = (
    Trap("a multi-line reply whose last line is the code alone", "bare-code"),
    Trap("a line that is neither code nor status indicator", "garbage lone-plus telnet"),
    Trap("a code that changes inside a reply", "mixed-codes"),
    Trap("bare LF", "bare-lf"),
    Trap("a status indicator in lower or mixed case", "lower-ok mixed-ok"),
    Trap("a reply split over segments or TLS records", "split-reply"),
    Trap("two replies in one segment", "surplus", "smtp/pipelining pop3/pipelining"),
    Trap("a lone CR at the end of a segment", "lone-cr overwrite"),
    Trap("one octet at a time", "drip"),
    Trap("lines beyond every limit", "long-line endless-line"),
    Trap("codes outside 2-5xx", "code-000 code-666"),
    Trap("enhanced codes absent, of another class, different", "no-enhanced enhanced-class"),
    Trap("enhanced codes that differ from line to line", "enhanced-varies"),
    Trap("no enhanced codes behind 220, 334, 354 and EHLO", shown="smtp/ehlo smtp/message"),
    Trap("unsolicited data after a reply", "surplus afterthought late-421"),
    Trap("a reply before any command", "early-reply"),
    Trap("421 at any time", "idle-421 data-421 early-421 late-421 greeting-421"),
    Trap("close in mid-reply: FIN, RST, no close_notify", "cut-close cut-reset cut-tls"),
    Trap("close in the place of a reply", "close-instead reset-instead"),
    Trap("close behind a good reply", "close-behind"),
    Trap("half-close: the server reads on", "half-close"),
    Trap("a write error before the 5yz that explains it", "refuse-in-data drop-in-data"),
    Trap("no greeting for a long time", "tarpit postscreen"),
    Trap("a greeting of 554: QUIT is all that is left", "greeting-554 greeting-err"),
    Trap("a greeting of several lines", "greeting-lines"),
    Trap("nothing at all", "no-reply slow"),
)

STATE = (
    Trap("TLS forgets what EHLO said", shown="smtp/starttls"),
    Trap("a handshake that fails", "tls-alert tls-closed tls-reset tls-silent"),
    Trap("text behind the go-ahead", "inject"),
    Trap("454, 501, 503 to STARTTLS", "starttls-454 starttls-501 starttls-503 stls-err"),
    Trap("STARTTLS inside TLS, AUTH twice, wrong order", shown="smtp/sequence"),
    Trap("STARTTLS not offered, or stripped", "starttls-strip"),
    Trap("HELO alone", "ehlo-502", "smtp/helo"),
    Trap("AUTH=PLAIN, AUTH twice, keywords in any case, parameters", "ehlo-old-auth"),
    Trap("EHLO's first line is a name", "ehlo-name"),
    Trap("250 to DATA", "data-250"),
    Trap("5yz to DATA: the message must not follow", "data-554"),
    Trap("354 for nobody, behind a pipelined DATA", "data-for-nobody"),
    Trap("RCPT: 250, 251, 252", "rcpt-251 rcpt-252"),
    Trap("some recipients accepted, some not", "rcpt-some"),
    Trap("452: too many recipients", "rcpt-452"),
    _own("addresses with blanks, quotes, source routes, IDN"),
    _own("dot-stuffing, the last CRLF, bare CR and LF, NUL, long lines of what is sent"),
    Trap("a chunk that is refused, its octets still travel", "bdat-452", "smtp/bdat"),
    _own("a BDAT count that is wrong, counted in characters"),
    Trap("pipelined replies, coalesced or dripping", "drip split-reply", "smtp/pipelining"),
    Trap("SIZE, SMTPUTF8", shown="smtp/size smtp/smtputf8"),
    _own("xtext in ENVID and AUTH="),
    Trap("ORCPT that is right, and refused", "rcpt-orcpt"),
    Trap("VRFY: 252, 550, 553", "vrfy-553", "smtp/vrfy"),
    Trap("EXPN in several lines, HELP by 211 or 214", "help-211", "smtp/expn smtp/help"),
    Trap("TURN, SEND, SOML, SAML", shown="smtp/turn smtp/send smtp/soml smtp/saml"),
    Trap("ETRN: 250 to 253, 458, 459", "etrn"),
    Trap("LMTP: one reply for each recipient", "lmtp-partial lmtp-missing", "lmtp/verdicts"),
    Trap("LMTP: nobody accepted, EHLO in it", shown="lmtp/nobody lmtp/hello"),
)

AUTH = (
    Trap("334 with nothing behind it", "challenge-bare"),
    Trap("334 with words that are no base64", "challenge-text"),
    _own("= as an empty initial response"),
    Trap("501 to *, and to what is no base64", shown="smtp/auth-wrong"),
    Trap("prompts of LOGIN vary", "login-prompts"),
    Trap("an initial response refused, or wanted", "initial-refused initial-wanted"),
    Trap("XOAUTH2 fails by one more challenge", "token-refused", "smtp/auth-xoauth2"),
    Trap("432, 454, 534, 538, 530, 535", "auth-432 auth-454 auth-534 auth-538 mail-530"),
    Trap("535", shown="smtp/auth-wrong"),
    Trap("mechanisms with a security layer alone", "ehlo-layers"),
    _own("the form of PLAIN's message, UTF-8 in passwords"),
    Trap("a secret repeated in a reply", "echo"),
    Trap("one more challenge at the end of SCRAM", shown="smtp/auth-scram-sha-256"),
    Trap("a server that does not know the password", "scram-signature"),
    Trap("a bad login takes seconds", "slow-refusal"),
)

POP3 = (
    Trap("one line or many, by verb and argument", shown="pop3/list pop3/uidl pop3/capa"),
    Trap("AUTH alone is a list, or one line of -ERR", "auth-list-err", "pop3/auth-list"),
    Trap("an unknown command gets several lines", "unknown-lines"),
    Trap("-ERR is one line, of multi-line verbs too", "capa-err uidl-err top-err"),
    Trap("+OK and a dot: an empty list", "empty-list", "pop3/empty"),
    Trap("a capability that begins with a dot", "capa-dot", "pop3/dots"),
    Trap("lone LF, and LF.LF, inside a message", "body-lf"),
    Trap("a dot that nobody doubled", "body-dot"),
    Trap("counts of octets that are wrong", "wrong-count stat-garbage"),
    Trap("a list without an end, or cut off", "unended-list cut-body"),
    Trap("+ alone, and + go ahead", "challenge-bare challenge-text lone-plus"),
    Trap("status indicators without text", "bare-ok blank-ok bare-err"),
    Trap("[IN-USE], late", "in-use", "pop3/in-use"),
    Trap("[LOGIN-DELAY] [SYS/TEMP] [SYS/PERM]", "login-delay sys-temp sys-perm quit-temp"),
    Trap("[AUTH]", shown="pop3/wrong-password"),
    Trap("other angle brackets in the greeting, or none", "apop-ids apop-none"),
    Trap("a failing APOP closes the link", "apop-closes"),
    Trap("EOF deletes nothing, LIST skips, RSET brings back", shown="pop3/dele-rset pop3/quit"),
    Trap("message numbers change between sessions", shown="pop3/dele-rset"),
    Trap("unique-ids too long, the same twice, none, of five shapes", "uidl-long uidl-same"),
    Trap("no UIDL, and ids of five shapes", "uidl-err uidl-shapes"),
    Trap("CAPA differs after STLS and after login", "capa-changes", "pop3/stls"),
    Trap("glued capabilities, no CAPA", "capa-glued capa-err"),
    Trap("STLS: the same rule for injected text", "inject", "security/stls-injection"),
    _own("PASS with blanks, UTF8 before the login"),
    Trap("TOP, or no TOP", "top-err", "pop3/top"),
    Trap("a failing USER makes PASS a command of its own", "user-err"),
    Trap("sizes change between sessions", "sizes-change"),
    Trap("NOOP with an argument, DELE twice, LAST", "other-habits"),
    Trap("another style behind the login", "other-style"),
)

TERMINAL = (
    Trap("ESC, BEL, CSI, OSC 52 in replies", "escape-codes c1-codes bell clipboard"),
    Trap("CR that writes over a line", "overwrite"),
    Trap("bidirectional and unseen characters", "bidi zero-width"),
    Trap("markup, and NUL", "markup nul"),
    Trap("replies of 8 bits", "latin-1 gb2312"),
    _own("local commands never steal lines of the protocol", PEOPLE),
    _own("history without passwords, paste of many lines", PEOPLE),
    Trap("output that arrives while somebody types", "idle-421 afterthought"),
    _own("Ctrl-C, Ctrl-D, a standard input that is no terminal", PEOPLE),
    _own("line ends and BOM of scripts", FILES),
    Trap("telnet on the line", "telnet"),
)

NETWORK = (
    _own("SNI is the host, no address; DANE and MTA-STS"),
    Trap("certificates of nobody, of itself, of another host", "bad-cert cert-self cert-name"),
    Trap("certificates expired, not yet valid, CN alone", "cert-expired cert-future cert-cn"),
    Trap("tickets between replies, close_notify missing", "no-close-notify", "smtp/submissions"),
    Trap("old versions of TLS only", "tls-old"),
    Trap("plain text on a TLS port, and the reverse", "plain-on-tls tls-on-plain"),
    Trap("MX null, to a CNAME, to no host; SERVFAIL", shown="profiles/mx"),
    _own("MX to an address; IPv6 first", LOOKUP),
    _own("IDNA, the name in EHLO"),
    Trap("time limits", "no-reply slow tarpit idle-421"),
)

REAL_SERVERS = (
    Trap("postscreen: 220-wait, then 220 for those who waited", "postscreen"),
    Trap("421 4.4.2 with no command before it, in DATA too", "idle-421 data-421"),
    Trap("421 too many errors, 521 at RCPT, then EOF", "too-many-errors rcpt-521"),
    Trap("refusals of several lines without enhanced codes", "rcpt-wordy"),
    Trap("greylisting", "greylist"),
    Trap("250 and 552 behind one dot", "lmtp-partial", "lmtp/full"),
    _own("banners, queue ids, dates never replay: placeholders", FILES),
    _own("secrets that come of challenges are recorded as intent", FILES),
    _own("a replay goes to named hosts only"),
)

TRAPS = (*FRAMING, *STATE, *AUTH, *POP3, *TERMINAL, *NETWORK, *REAL_SERVERS)
