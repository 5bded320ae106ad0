"""The grammars that mailprobe needs, each with the RFC's own ABNF above it.

Everything is matched as octets.  Quantifiers are bounded or unambiguous: no input makes a match
take more than linear time.
"""

import re


class Rule:
    """A pattern of octets, compiled when it is first asked: no session asks them all."""

    __slots__ = ("_compiled", "_flags", "source")

    def __init__(self, source: bytes, flags: int = 0) -> None:
        self.source = source
        self._flags = flags
        self._compiled: re.Pattern[bytes] | None = None

    @property
    def compiled(self) -> re.Pattern[bytes]:
        if self._compiled is None:
            self._compiled = re.compile(self.source, self._flags)
        return self._compiled

    def match(self, octets: bytes, start: int = 0) -> re.Match[bytes] | None:
        return self.compiled.match(octets, start)

    def fullmatch(self, octets: bytes) -> re.Match[bytes] | None:
        return self.compiled.fullmatch(octets)

    def search(self, octets: bytes) -> re.Match[bytes] | None:
        return self.compiled.search(octets)


# RFC 5321, section 4.1.2:
#   sub-domain = Let-dig [Ldh-str]
#   Domain = sub-domain *("." sub-domain)
# RFC 6531, section 3.3 adds UTF8-non-ascii to both.
_LABEL = rb"[A-Za-z0-9\x80-\xff](?:[A-Za-z0-9\x80-\xff-]{0,251}[A-Za-z0-9\x80-\xff])?"
_DOMAIN = _LABEL + rb"(?:\." + _LABEL + rb")*"
DOMAIN = Rule(_DOMAIN)

#   address-literal = "[" ( IPv4-address-literal / IPv6-address-literal /
#                     General-address-literal ) "]"
# The address itself is judged by whoever uses it; dcontent is %d33-90 / %d94-126.
_ADDRESS_LITERAL = rb"\[[!-Z^-~]{1,255}\]"
HELLO_NAME = Rule(_DOMAIN + rb"|" + _ADDRESS_LITERAL)

#   Dot-string = Atom *("." Atom);  Atom = 1*atext (RFC 5322, section 3.2.3)
#   Quoted-string = DQUOTE *QcontentSMTP DQUOTE
#   qtextSMTP = %d32-33 / %d35-91 / %d93-126;  quoted-pairSMTP = "\" %d32-126
_ATEXT = rb"[A-Za-z0-9!#$%&'*+/=?^_`{|}~\x80-\xff-]"
_LOCAL_PART = rb'(?:"(?:[ !#-\[\]-~\x80-\xff]|\\[ -~])*"|' + _ATEXT + rb"+(?:\." + _ATEXT + rb"+)*)"
#   Mailbox = Local-part "@" ( Domain / address-literal )
_MAILBOX = _LOCAL_PART + rb"@(?:" + _DOMAIN + rb"|" + _ADDRESS_LITERAL + rb")"
MAILBOX = Rule(_MAILBOX)

#   Path = "<" [ A-d-l ":" ] Mailbox ">";  A-d-l = At-domain *( "," At-domain )
#   Reverse-path = Path / "<>"
_ROUTE = rb"(?:@" + _DOMAIN + rb"(?:,@" + _DOMAIN + rb")*:)?"
_PATH = rb"<" + _ROUTE + rb"(?P<mailbox>" + _MAILBOX + rb")>"

#   esmtp-param = esmtp-keyword ["=" esmtp-value]
#   esmtp-keyword = (ALPHA / DIGIT) *(ALPHA / DIGIT / "-")
#   esmtp-value = 1*(%d33-60 / %d62-126); RFC 6531 adds UTF8-non-ascii
_PARAMETER = rb"[A-Za-z0-9][A-Za-z0-9-]*(?:=[!-<>-~\x80-\xff]+)?"
PARAMETER = Rule(rb"([A-Za-z0-9][A-Za-z0-9-]*)(?:=([!-<>-~\x80-\xff]+))?")
_PARAMETERS = rb"(?P<parameters>(?: " + _PARAMETER + rb")*) *"

#   mail = "MAIL FROM:" Reverse-path [SP Mail-parameters] CRLF
MAIL_ARGUMENT = Rule(rb"(?i:FROM):(?:" + _PATH + rb"|<>)" + _PARAMETERS)
#   rcpt = "RCPT TO:" ( "<Postmaster@" Domain ">" / "<Postmaster>" / Forward-path )
#          [SP Rcpt-parameters] CRLF
RCPT_ARGUMENT = Rule(
    rb"(?i:TO):(?:" + _PATH + rb"|<(?P<postmaster>(?i:postmaster))>)" + _PARAMETERS
)

# RFC 821, section 4.1.2:  SEND <SP> FROM:<reverse-path> <CRLF>; SOML and SAML the same
SEND_ARGUMENT = Rule(rb"(?i:FROM):(?:" + _PATH + rb"|<>) *")

#   String = Atom / Quoted-string (VRFY, EXPN, HELP, NOOP); people write anything
STRING = Rule(rb"[^ ].*", re.DOTALL)
OPTIONAL_STRING = Rule(rb"(?:[^ ].*)?", re.DOTALL)
EMPTY = Rule(rb"")
ANYTHING = Rule(rb".*", re.DOTALL)

# RFC 3030, section 2:  bdat-cmd = "BDAT" SP chunk-size [ SP end-marker ] CR LF
#   chunk-size = 1*DIGIT;  end-marker = "LAST"
# Blanks and TABs too many are tolerated by servers (RFC 5321, section 4.1.1): so are they here.
BDAT_ARGUMENT = Rule(rb"[ \t]*([0-9]{1,20})(?:[ \t]+((?i:LAST)))?[ \t]*")

# RFC 4468, section 3:  burl-cmd = "BURL" SP absolute-URI [SP end-marker] CRLF
BURL_ARGUMENT = Rule(rb"[A-Za-z][A-Za-z0-9+.-]*:[!-~]+(?: +(?i:LAST))? *")

# RFC 4954, section 4:  AUTH mechanism [initial-response];  mechanism as in RFC 4422, section 3.1
AUTH_ARGUMENT = Rule(rb"([A-Za-z0-9_-]{1,20})(?: +([A-Za-z0-9+/]+={0,2}|={1,2}))? *")
BASE64 = Rule(rb"(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?")

# RFC 1985, section 5:  ETRN [option character] node-name
#   option character: "@" for all that lies below the node, "#" for a queue's name
ETRN_ARGUMENT = Rule(rb"[@#]?[!\"$-?A-~][!-~]*")

# RFC 2645, section 5.2.1:  atrn = "ATRN" [SP domain *("," domain)]
ATRN_ARGUMENT = Rule(rb"(?:" + _DOMAIN + rb"(?:," + _DOMAIN + rb")*)?")

# RFC 3461, section 4:  xtext = *( xchar / hexchar );  xchar is %d33-126 but "+" and "="
XTEXT = Rule(rb"(?:[!-*,-<>-~]|\+[0-9A-F]{2})*")

# RFC 4467, section 3:  iurlauth = ";URLAUTH=" access ":" mechanism ":" token; the token is a
# bearer secret.  Where access or mechanism is missing, all that follows the "=" counts as one.
URL_SECRET = Rule(rb".*?;(?i:URLAUTH)=(?:[^: ]*:[^: ]*:)?([^ ]*)", re.DOTALL)
# Postfix XCLIENT_README: LOGIN is the name that SASL gave
LOGIN_ATTRIBUTE = Rule(rb"(?:.* )?(?i:LOGIN)=([^ ]*)", re.DOTALL)

# Postfix XCLIENT_README and XFORWARD_README:  1*( SP name "=" xtext )
ATTRIBUTES = Rule(rb"[A-Za-z]+=[!-~]*(?: +[A-Za-z]+=[!-~]*)*")

# RFC 1939, section 3: arguments are printable ASCII, up to 40 characters each.
NAME = Rule(rb"[^ ]+")
#   PASS string: all that follows the blank, further blanks included (section 7)
PASSWORD = Rule(rb".+", re.DOTALL)
#   message-number: decimal, from 1 on (section 4); ten digits bound what anybody converts
MESSAGE_NUMBER = Rule(rb"[0-9]{1,10}")
OPTIONAL_MESSAGE_NUMBER = Rule(rb"(?:[0-9]{1,10})?")
TOP_ARGUMENT = Rule(rb"[0-9]{1,10} [0-9]{1,10}")
APOP_ARGUMENT = Rule(rb"[^ ]+ [0-9a-f]{32}")
# RFC 5034, section 4:  auth-command = "AUTH" SP mechanism [SP (base64 / "=")]; old servers list
# their mechanisms when it stands bare
OPTIONAL_AUTH_ARGUMENT = Rule(rb"(?:" + AUTH_ARGUMENT.source + rb")?")
# RFC 6856, section 3.1:  lang-cmd = "LANG" [SP lang-range]
# RFC 4647, section 2.1:
#   language-range = (1*8ALPHA *("-" 1*8alphanum)) / "*"
LANGUAGE = Rule(rb"(?:\*|[A-Za-z]{1,8}(?:-[A-Za-z0-9]{1,8})*)?")
# RFC 1082:  XTND BBOARDS [name], XTND ARCHIVE name;  XMIT is popper's
XTND_ARGUMENT = Rule(rb"(?i:BBOARDS)(?: [^ ]+)?|(?i:ARCHIVE) [^ ]+|(?i:XMIT)")
#   RFC 1939, section 7: the timestamp of the greeting is a msg-id of RFC 822
TIMESTAMP = Rule(rb"<[^<>@\s]{1,200}@[^<>@\s]{1,200}>")
#   drop listing "nn mm" (section 5, STAT), scan listing "n size", unique-id listing "n uid"
DROP_LISTING = Rule(rb"([0-9]{1,10}) +([0-9]{1,20})")
SCAN_LISTING = Rule(rb"([0-9]{1,10}) +([0-9]{1,20})")
UNIQUE_ID_LISTING = Rule(rb"([0-9]{1,10}) +([!-~]{1,255})")

# RFC 5321, section 4.1.1.1:  ehlo-line = ehlo-keyword *( SP ehlo-param )
# RFC 2449, section 3:  capability lines look the same; "=" after AUTH is an old spelling.
OFFER = Rule(rb"([A-Za-z0-9][A-Za-z0-9./_-]*)(?:[ =]+(.*))?", re.DOTALL)

# RFC 5321, section 4.2:  Reply-line = Reply-code [ ( SP / "-" ) textstring ] CRLF
#   Reply-code = %x32-35 %x30-35 %x30-39; the second digit of real servers goes up to 9
SMTP_REPLY_LINE = Rule(rb"([2-5][0-9][0-9])(?:([ -])|\Z)")
# RFC 1939, section 3: status indicators are "+OK" and "-ERR", in upper case;
# RFC 5034, section 4: "+" and a blank begin a challenge.
POP3_STATUS_LINE = Rule(rb"(\+OK|-ERR|\+)(?: |\Z)", re.IGNORECASE)

_BRACKETED = Rule(rb'<((?:"(?:[^"\\]|\\.)*"|[^">])*)>')


def path_in(argument: bytes) -> bytes:
    """The path of a MAIL or RCPT argument as a person means it, without its brackets.

    Whatever stands between the first `<` and its `>` (a quoted string may hold one); without
    brackets, the first word behind the colon.  Never raises.
    """
    # one try, at the first bracket: a search would begin again at each of a thousand `<`
    if match := _BRACKETED.match(argument, max(argument.find(b"<"), 0)):
        return match[1]
    words = argument.partition(b":")[2].split()
    return words[0] if words else b""
