"""What swaks, openssl s_client, curl and telnet do: each cell of README's comparison, live.

A test that fails here says that README is wrong about a tool, or that the tool has changed.
"""

import hashlib
import json
import re
import socket
import ssl
import threading
from pathlib import Path

import pytest

from tests.comparison import tools
from tests.comparison.tools import (
    LIMIT,
    Server,
    curl,
    help_of,
    program,
    run,
    s_client,
    serving,
    swaks,
    telnet,
)

BY_HAND = ("openssl s_client", "telnet")
BY_ITSELF = ("swaks", "curl")
ESCAPES = b"\x1b]0;owned\x07\x1b[31mred"
AUTH_PLAIN = b"AGFsaWNlAGh1bnRlcjIy"  # NUL alice NUL hunter22
LOGIN = ("--sasl-ir", "--login-options", "AUTH=PLAIN", "--user", "alice:hunter22")  # of curl
# What a tool that can do it would have an option for: words in the names of options.
OPTIONS = {
    "replay": r"replay|transcript",
    "mock": r"-(listen|serve|accept|mock)\b",
    "report": r"junit|-tap\b",
    "bdat": r"bdat|chunking",
    "dsn": r"notify|orcpt|envid|-dsn",
    "sts": r"mta-?sts",
    "dane": r"dane|-tlsa\b",
    "prdr": r"prdr",
    "mx": r"-mx\b",
    "socket": r"-socket|-unix",
    "xclient": r"xclient",
    "socks": r"socks|tunnel",
    "announce": r"haproxy|proxy-(version|protocol)",
    "attach": r"attach|-form\b",
    "pipe": r"-(pipe|exec)\b",
    "times": r"time-?lapse|trace-time|write-out",
    "json": r"json|write-out",
    "lint": r"lint|conform",
}


def typed(tool: str, server: Server, *lines: str) -> bytes:
    """What a person sees who types lines into a tool, and `NOOP` behind them."""
    start = s_client(server, "-quiet", "-crlf") if tool == "openssl s_client" else telnet(server)
    with start as child:
        # s_client shows the end of the reply to its own EHLO when all else is said
        child.expect(r"\n250 [^\n]*\n" if tool == "openssl s_client" else "ESMTP")
        for line in (*lines, "NOOP"):
            child.sendline(line)
        child.expect_exact("2.0.0 nothing done")
        return bytes(child.before)


NOOP = {b"NOOP": b"250 2.0.0 nothing done\r\n"}


@pytest.mark.parametrize(
    "tool, wanted",
    [
        *((tool, wanted) for wanted in ("replay", "mock", "report", "sts") for tool in tools.HELPS),
        *((tool, wanted) for wanted in ("bdat", "dsn") for tool in ("swaks", "curl")),
        *((tool, "dane") for tool in ("swaks", "curl", "telnet")),
        *((tool, "mx") for tool in tools.HELPS),
        *(("curl", wanted) for wanted in ("prdr", "xclient")),
        ("telnet", "socket"),
        *((tool, "socks") for tool in ("swaks", "telnet")),
        ("openssl s_client", "announce"),
        *((tool, "times") for tool in BY_HAND),
        *((tool, "json") for tool in ("swaks", *BY_HAND)),
        *((tool, "lint") for tool in tools.HELPS),
        *((tool, "attach") for tool in BY_HAND),
        *((tool, "pipe") for tool in ("openssl s_client", "curl", "telnet")),
    ],
)
def test_no_option_for(tool: str, wanted: str) -> None:
    """A tool that lists all of its options has none for this."""
    names = re.findall(r"(?:^|[ ,])(-{1,2}[A-Za-z0-9][\w-]*)", help_of(tool), re.MULTILINE)
    assert len(names) > 15
    assert not [name for name in names if re.search(OPTIONS[wanted], name)]


# ------------------------------------------------------------------------------------- by hand


@pytest.mark.parametrize("tool", BY_HAND)
@pytest.mark.parametrize(
    "lines",
    [
        ["MAIL FROM:<a@example.test> RET=HDRS ENVID=x", "HELP"],
        ["BDAT 2 LAST", "x"],
        ["AUTH XOAUTH2 eA==", "made-up \\ line"],
        ["XCLIENT ADDR=192.0.2.1"],
        ["EHLO a", "MAIL FROM:<>", "DATA", "Subject: hi", ".", "RSET"],
    ],
    ids=lambda lines: lines[0].split()[0],
)
def test_what_is_typed_is_sent(tool: str, lines: list[str]) -> None:
    """Line by line, with CRLF: s_client by -crlf, and -quiet keeps R and Q from being commands."""
    with serving(NOOP, tls=tool == "openssl s_client") as server:
        typed(tool, server, *lines)
    wanted = [f"{line}\r\n".encode() for line in (*lines, "NOOP")]
    assert server.heard[-len(wanted) :] == wanted


def test_s_client_ends_lines_by_lf_alone() -> None:
    """Without -crlf (RFC 5321, section 2.3.8, wants CRLF)."""
    with serving(NOOP, tls=True) as server, s_client(server, "-quiet") as child:
        child.expect_exact("verify return:1")
        child.sendline("NOOP")
        child.expect_exact("2.0.0 nothing done")
    assert server.heard[-1] == b"NOOP\n"


def test_s_client_takes_lines_that_begin_with_r_for_itself() -> None:
    """RCPT is a request to negotiate anew, and the server never sees it."""
    with serving(NOOP, tls=True) as server, s_client(server, "-crlf") as child:
        child.expect_exact("Verify return code")
        child.sendline("RCPT TO:<bob@example.test>")
        child.expect_exact("RENEGOTIATING")
    assert b"RCPT TO:<bob@example.test>\r\n" not in server.heard


@pytest.mark.parametrize("tool", BY_HAND)
def test_tab_is_an_octet_like_others(tool: str) -> None:
    """Nothing is completed: the server gets the Tab."""
    with serving({b"MAI": b"500 5.5.1 what\r\n", **NOOP}, tls=tool != "telnet") as server:
        typed(tool, server, "MAI\t")
    assert b"MAI\t\r\n" in server.heard


@pytest.mark.parametrize("tool", BY_ITSELF)
def test_no_commands_are_taken(tool: str) -> None:
    """What stands on standard input is no command: swaks says its own, curl has mail there."""
    lines = b"VRFY bob\nRSET\n"
    with serving() as server:
        where = f"127.0.0.1:{server.port}"
        if tool == "swaks":
            mail = ("--from", "a@example.test", "--to", "b@example.test")
            run(program("swaks"), "--server", where, *mail, text=lines)
        else:
            mail = ("--mail-from", "a@example.test", "--mail-rcpt", "b@example.test")
            run(program("curl"), "-s", "-T", "-", *mail, f"smtp://{where}/", text=lines)
    data = server.heard.index(b"DATA\r\n")
    assert [line.split()[0] for line in server.heard[:data]] == [b"EHLO", b"MAIL", b"RCPT"]


def test_curl_sends_one_command_of_ones_own() -> None:
    """--request, in the place of a mail."""
    with serving() as server:
        where = f"smtp://127.0.0.1:{server.port}/me.test"
        assert run(program("curl"), "-s", "--request", "NOOP", where)[0] == 0
    assert server.heard == [b"EHLO me.test\r\n", b"NOOP\r\n", b"QUIT\r\n"]


# ------------------------------------------------------------------------------- what is shown


@pytest.mark.parametrize("tool", tools.HELPS)
def test_escape_sequences_arrive_raw(tool: str) -> None:
    """What a server says reaches the terminal as it is: title, colours, whatever it likes."""
    replies = {**NOOP, b"EHLO": b"250 " + ESCAPES + b"\r\n"}
    with serving(replies, tls=tool == "openssl s_client") as server:
        if tool in BY_HAND:
            shown = typed(tool, server, "EHLO me.test")
        else:
            shown = swaks(server)[1] if tool == "swaks" else curl(server)[1]
    assert ESCAPES in shown


@pytest.mark.parametrize("tool", tools.HELPS)
def test_codes_make_no_difference(tool: str) -> None:
    """Of two replies that mean different things a tool says the same: nothing but the line."""
    shown = []
    for code in (b"550 5.1.1 no", b"552 5.2.2 no"):
        replies = {**NOOP, b"RCPT": code + b"\r\n"}
        with serving(replies, tls=tool == "openssl s_client") as server:
            if tool in BY_HAND:
                said = typed(tool, server, "RCPT TO:<bob@example.test>")
            else:
                said = swaks(server)[1] if tool == "swaks" else curl(server)[1]
        assert code in said
        said = said.replace(code, b"CODE").replace(code[:3], b"550")
        said = re.sub(rb"(?<!\d)[0-9]{4,5}(?!\d)", b"PORT", said)
        shown.append(sorted(said.split(b"\r\n")))  # an echo may come before or behind a reply
    assert shown[0] == shown[1]


@pytest.mark.parametrize("tool", tools.HELPS)
def test_the_password_is_shown(tool: str) -> None:
    """In base64, which anybody undoes; where it is typed, as it was typed."""
    with serving(NOOP, tls=tool == "openssl s_client") as server:
        if tool == "swaks":
            shown = swaks(server, "-a", "PLAIN", "-au", "alice", "-ap", "hunter22")[1]
        elif tool == "curl":
            shown = curl(server, *LOGIN)[1]
        else:
            shown = typed(tool, server, f"AUTH PLAIN {AUTH_PLAIN.decode()}")
    assert AUTH_PLAIN in shown


def test_swaks_can_hide_the_password() -> None:
    """By an option."""
    with serving() as server:
        login = ("-a", "PLAIN", "-au", "alice", "-ap", "hunter22", "--auth-hide-password")
        shown = swaks(server, *login)[1]
    assert AUTH_PLAIN not in shown
    assert b" -> AUTH PLAIN " in shown


@pytest.mark.parametrize("tool", BY_ITSELF)
def test_an_unasked_421_passes_for_the_answer(tool: str) -> None:
    """It came behind the reply to EHLO, and is shown as what was said to MAIL."""
    replies = {b"EHLO": b"250-hi\r\n250 8BITMIME\r\n421 4.3.2 going down\r\n"}
    with serving(replies) as server:
        shown = swaks(server)[1] if tool == "swaks" else curl(server)[1]
    assert re.search(rb"> MAIL FROM:<alice@example.test>\r?\n<\S* 421 4.3.2 going down", shown)


@pytest.mark.parametrize("tool", BY_HAND)
def test_an_unasked_421_stands_among_the_answers(tool: str) -> None:
    """It is shown, as all lines are; whose it is the person has to know."""
    replies = {**NOOP, b"EHLO": b"250 hi\r\n421 4.3.2 going down\r\n"}
    with serving(replies, tls=tool == "openssl s_client") as server:
        shown = typed(tool, server, "EHLO me.test")
    assert re.search(rb"\n250 hi\r+\n421 4.3.2 going down\r+\n", shown)


# ------------------------------------------------------------------------------------------ TLS

INJECTED = {
    **NOOP,
    b"EHLO": b"250-hi\r\n250 STARTTLS\r\n",
    b"STARTTLS": b"220 go on\r\n250 INJECTED\r\n",
}


def test_swaks_takes_injected_text_for_an_answer() -> None:
    """Text in the clear behind the go-ahead passes for the reply to EHLO over TLS."""
    with serving(INJECTED, tls=True) as server:
        shown = swaks(server, "--tls")[1]
    assert b" ~> EHLO me.test\n<~  250 INJECTED\n" in shown


def test_s_client_drops_injected_text() -> None:
    """It goes on over TLS, and says nothing of it."""
    with serving(INJECTED, tls=True) as server:
        shown = typed("openssl s_client", server, "EHLO me.test")
    assert b"250 STARTTLS" in shown
    assert b"INJECTED" not in shown
    assert server.heard[-1] == b"NOOP\r\n"


def test_curl_refuses_injected_text() -> None:
    """No handshake, status 8."""
    with serving(INJECTED, tls=True) as server:
        assert curl(server, "--ssl-reqd", "--insecure")[0] == 8
    assert server.heard[-1] == b"STARTTLS\r\n"


def test_swaks_verifies_where_it_is_told_to(tmp_path: Path) -> None:
    """Any certificate is good without --tls-verify."""
    ca = tools.ca_file(tmp_path)
    for options, status in (
        ((), 0),
        (("--tls-verify",), 29),
        (("--tls-verify", "--tls-ca-path", ca), 0),
    ):
        with serving(tls=True) as server:
            assert swaks(server, "--tls", *options)[0] == status


def test_curl_verifies(tmp_path: Path) -> None:
    """Unless --insecure says otherwise."""
    ca = tools.ca_file(tmp_path)
    for options, status in (((), 60), (("--cacert", ca), 0), (("--insecure",), 0)):
        with serving(tls=True) as server:
            assert curl(server, "--ssl-reqd", *options)[0] == status


def test_s_client_verifies_where_it_is_told_to() -> None:
    """It tells of a bad certificate, and goes on, unless -verify_return_error."""
    for options, status in (((), 0), (("-verify_return_error",), 1)):
        with serving(tls=True) as server:
            where = ("-connect", f"localhost:{server.port}", "-starttls", "smtp")
            ended, shown = run(program("openssl"), "s_client", *where, *options, text=b"QUIT\n")
        assert ended == status
        assert b"unable to get local issuer certificate" in shown or b"return code: 21" in shown


@pytest.mark.parametrize("protocol", ["smtp", "lmtp", "pop3"])
def test_starttls_of_s_client(protocol: str) -> None:
    """It knows how all three begin."""
    greeting = b"+OK hi\r\n" if protocol == "pop3" else b"220 hi ESMTP\r\n"
    with serving({**NOOP, b"STLS": b"+OK\r\n"}, greeting=greeting, tls=True) as server:
        with s_client(server, "-quiet", "-crlf", starttls=protocol) as child:
            child.expect_exact("verify return:1")
            child.sendline("NOOP")
            child.expect_exact("2.0.0 nothing done")


@pytest.mark.parametrize("protocol", ["SMTP", "LMTP"])
def test_starttls_of_swaks(protocol: str) -> None:
    """ESMTP and LMTP."""
    protocol = "ESMTP" if protocol == "SMTP" else protocol
    with serving(tls=True) as server:
        assert swaks(server, "--tls", "--protocol", protocol)[0] == 0
    assert b"STARTTLS\r\n" in server.heard


POP3 = {
    b"CAPA": b"+OK\r\nSTLS\r\nUSER\r\n.\r\n",
    **dict.fromkeys((b"STLS", b"USER", b"PASS", b"APOP", b"QUIT"), b"+OK\r\n"),
    b"LIST": b"+OK\r\n1 120\r\n.\r\n",
}


@pytest.mark.parametrize("scheme", ["smtp", "pop3"])
def test_starttls_of_curl(scheme: str, tmp_path: Path) -> None:
    """STARTTLS and STLS."""
    pop3 = scheme == "pop3"
    replies, greeting = (POP3, b"+OK hi\r\n") if pop3 else ({}, b"220 hi\r\n")
    with serving(replies, greeting=greeting, tls=True) as server:
        options = ("--ssl-reqd", "--cacert", tools.ca_file(tmp_path), "--user", "alice:hunter22")
        assert curl(server, *(options if pop3 else options[:3]), scheme=scheme)[0] == 0
    assert (b"STLS\r\n" if pop3 else b"STARTTLS\r\n") in server.heard


def test_telnet_speaks_no_tls() -> None:
    """What it offers is the encryption of telnet itself; it goes on in the clear."""
    with serving(NOOP) as server:
        shown = typed("telnet", server, "STARTTLS")
    assert b"220 2.0.0 go on" in shown
    assert server.heard == [b"STARTTLS\r\n", b"NOOP\r\n"]


def test_dane_of_s_client() -> None:
    """The TLSA records have to be given by hand; the certificate is checked against them."""
    pem = tools.certificate().cert_chain_pems[0].bytes().decode()
    digest = hashlib.sha256(ssl.PEM_cert_to_DER_cert(pem)).hexdigest()
    for data, wanted in ((digest, b"return code: 0 (ok)"), ("00" * 32, b"o matching DANE TLSA")):
        with serving(tls=True) as server:
            where = ("-connect", f"localhost:{server.port}", "-starttls", "smtp")
            dane = ("-dane_tlsa_domain", "localhost", "-dane_tlsa_rrdata", f"3 0 1 {data}")
            _, shown = run(program("openssl"), "s_client", *where, *dane, text=b"QUIT\n")
        assert wanted in shown


# ------------------------------------------------------------------------------- the protocols

TWO = {b".": b"250 2.0.0 <bob@example.test> taken\r\n552 5.2.2 <carol@example.test> full\r\n"}


def test_lmtp_of_swaks() -> None:
    """Both replies are shown, the refusal is marked; the status says that all went well."""
    with serving(TWO) as server:
        to = "bob@example.test,carol@example.test"
        status, shown = swaks(server, "--protocol", "LMTP", "--to", to)
    assert status == 0
    assert b"<** 552 5.2.2 <carol@example.test> full" in shown


def test_curl_knows_no_lmtp() -> None:
    """Nor a reply for each recipient, where it is sent there as if to SMTP."""
    with serving(TWO) as server:
        status, shown = curl(server, scheme="lmtp")
        assert status == 1
        assert b'Protocol "lmtp" not supported' in shown
        status, shown = curl(server, "--mail-rcpt", "carol@example.test")
    assert status == 0
    assert b"<carol@example.test> full" not in shown


@pytest.mark.parametrize("tool", BY_HAND)
def test_lmtp_by_hand(tool: str) -> None:
    """Both replies are shown; which is whose the server may say, or not."""
    with serving({**NOOP, **TWO}, tls=tool != "telnet") as server:
        shown = typed(tool, server, "LHLO a", "MAIL FROM:<>", "DATA", "x", ".")
    assert re.search(rb"250 2.0.0 <bob@\S+> taken\r+\n552 5.2.2 <carol@\S+> full", shown)


def test_swaks_knows_no_pop3() -> None:
    """Nor any other protocol for fetching."""
    for protocol in ("POP3", "IMAP"):
        with serving() as server:
            status, shown = swaks(server, "--protocol", protocol)
        assert status == 1
        assert b"Unknown protocol" in shown


@pytest.mark.parametrize("way", ["USER", "APOP"])
def test_pop3_of_curl(way: str) -> None:
    """It logs in, by APOP too, and lists."""
    greeting = b"+OK hi <1.2@example.test>\r\n" if way == "APOP" else b"+OK hi\r\n"
    with serving(POP3, greeting=greeting) as server:
        status, shown = curl(server, "--user", "alice:hunter22", scheme="pop3")
    assert status == 0
    assert b"1 120" in shown
    assert [line for line in server.heard if line.startswith(way.encode())]


@pytest.mark.parametrize("tool", BY_HAND)
def test_pop3_by_hand(tool: str) -> None:
    """What the person does not type is not said."""
    tls = tool != "telnet"
    replies = {**POP3, b"NOOP": b"+OK nothing done\r\n"}
    with serving(replies, greeting=b"+OK hi\r\n", tls=tls) as server:
        start = s_client(server, "-quiet", "-crlf", starttls="pop3") if tls else telnet(server)
        with start as child:
            child.expect_exact("verify return:1" if tls else "+OK hi")
            for line in ("USER alice", "PASS hunter22", "NOOP"):
                child.sendline(line)
            child.expect_exact("+OK nothing done")
    assert server.heard[-3:] == [b"USER alice\r\n", b"PASS hunter22\r\n", b"NOOP\r\n"]


def test_imap_of_curl() -> None:
    """It speaks that, too."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            with listener.accept()[0] as link, link.makefile("rb") as lines:
                link.settimeout(LIMIT)
                link.sendall(b"* OK [CAPABILITY IMAP4rev1] hi\r\n")
                for line in lines:
                    tag, verb, *_ = line.split()
                    more = b"* CAPABILITY IMAP4rev1\r\n" if verb == b"CAPABILITY" else b""
                    link.sendall(more + tag + b" OK done\r\n")

        thread = threading.Thread(target=serve)
        thread.start()
        where = f"imap://127.0.0.1:{listener.getsockname()[1]}/"
        status, shown = run(program("curl"), "-sv", "--user", "a:b", "--request", "NOOP", where)
        thread.join(LIMIT)
    assert status == 0
    assert b"A003 OK done" in shown or b"OK done" in shown


def test_pipelining_of_swaks() -> None:
    """MAIL, RCPT and DATA in one write."""
    with serving() as server:
        assert swaks(server, "--pipeline")[0] == 0
    group = b"MAIL FROM:<alice@example.test>\r\nRCPT TO:<bob@example.test>\r\nDATA\r\n"
    assert group in server.writes


def test_curl_pipelines_nothing() -> None:
    """One command a write, though the server offers it."""
    with serving() as server:
        assert curl(server)[0] == 0
    verbs = (b"EHLO ", b"MAIL ", b"RCPT ", b"DATA\r", b"QUIT\r")
    assert max(sum(write.count(verb) for verb in verbs) for write in server.writes) == 1


@pytest.mark.parametrize("mechanism", ["SCRAM-SHA-256", "SCRAM-SHA-256-PLUS", "XOAUTH2"])
def test_mechanisms_that_swaks_lacks(mechanism: str) -> None:
    """It says so."""
    with serving() as server:
        status, shown = swaks(server, "-a", mechanism, "-au", "alice", "-ap", "hunter22")
    assert status == 10
    assert b"is not a recognized auth type" in shown


def test_scram_of_curl() -> None:
    """A matter of how it was built: Debian's has no GSASL, and logs in by nothing then."""
    _, features = run(program("curl"), "--version")
    with serving() as server:
        scram = ("--login-options", "AUTH=SCRAM-SHA-256")
        status, _ = curl(server, "--user", "alice:hunter22", *scram)
    started = [line for line in server.heard if line.startswith(b"AUTH SCRAM")]
    assert bool(started) == (b"gsasl" in features.lower())
    assert status != 0


def test_curl_has_no_scram_plus() -> None:
    """No build of it: where -PLUS is all that there is, it finds no mechanism."""
    offer = b"250-hi\r\n250 AUTH SCRAM-SHA-256-PLUS\r\n"
    with serving({b"EHLO": offer}) as server:
        status, _ = curl(server, "--user", "alice:hunter22")
    assert status == 67
    assert not [line for line in server.heard if line.startswith(b"AUTH")]


@pytest.mark.parametrize("mechanism", ["XOAUTH2", "OAUTHBEARER"])
def test_bearer_tokens_of_curl(mechanism: str) -> None:
    """Both mechanisms."""
    offer = f"250-hi\r\n250 AUTH {mechanism}\r\n".encode()
    with serving({b"EHLO": offer}) as server:
        options = ("--sasl-ir", "--user", "alice:", "--oauth2-bearer", "token")
        assert curl(server, *options)[0] == 0
    assert server.heard[1].startswith(f"AUTH {mechanism} ".encode())


def test_ntlm_and_kerberos_of_curl() -> None:
    """This build has both."""
    _, features = run(program("curl"), "--version")
    assert {b"NTLM", b"Kerberos"} <= set(features.split())


def test_ntlm_and_mx_of_swaks() -> None:
    """Each needs a module of Perl."""
    _, shown = run(program("swaks"), "--support")
    assert re.search(rb"AUTH NTLM (supported|not available: requires Authen::NTLM)", shown)
    assert re.search(rb"MX Routing (supported|not available: requires Net::DNS)", shown)


def test_prdr_of_swaks() -> None:
    """--prdr, where the server offers it."""
    answers = b"353 content analysis has started\r\n250 2.1.5 taken\r\n250 2.0.0 taken\r\n"
    with serving({b".": answers}) as server:
        swaks(server, "--prdr")
    assert b"MAIL FROM:<alice@example.test> PRDR\r\n" in server.heard


def test_xclient_of_swaks() -> None:
    """An option for each attribute."""
    offer = b"250-hi\r\n250 XCLIENT ADDR NAME\r\n"
    with serving({b"EHLO": offer, b"XCLIENT": b"220 hi again ESMTP\r\n"}) as server:
        swaks(server, "--xclient-addr", "192.0.2.1")
    assert b"XCLIENT ADDR=192.0.2.1\r\n" in server.heard


@pytest.mark.parametrize("tool", BY_HAND)
def test_lines_may_be_typed_ahead(tool: str) -> None:
    """What a person types, or pastes, goes out before the replies to it have come."""
    lines = ("MAIL FROM:<>", "RCPT TO:<bob@example.test>", "RSET")
    with serving(NOOP, tls=tool != "telnet") as server:
        typed(tool, server, *lines)
    assert server.heard[-4:-1] == [f"{line}\r\n".encode() for line in lines]


@pytest.mark.parametrize("tool", ["openssl s_client", "telnet"])
def test_no_answer_is_computed(tool: str) -> None:
    """A challenge is shown, and nobody answers it but the person."""
    with serving({**NOOP, b"AUTH": b"334 PDEuMkB4Pg==\r\n"}, tls=tool != "telnet") as server:
        shown = typed(tool, server, "AUTH CRAM-MD5")
    assert b"334 PDEuMkB4Pg==" in shown
    assert server.heard[-2:] == [b"AUTH CRAM-MD5\r\n", b"NOOP\r\n"]


@pytest.mark.parametrize("tool", ["swaks", "openssl s_client", "curl"])
def test_a_client_certificate(tool: str, tmp_path: Path) -> None:
    """Shown to a server that demands one, by options for certificate and key."""
    pem, key = tmp_path / "alice.pem", tmp_path / "alice.key"
    alice = tools.authority().issue_cert("alice@example.test")
    alice.cert_chain_pems[0].write_to_path(pem)
    alice.private_key_pem.write_to_path(key)
    demanding = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tools.certificate().configure_cert(demanding)
    tools.authority().configure_trust(demanding)
    demanding.verify_mode = ssl.CERT_REQUIRED
    demanding.maximum_version = ssl.TLSVersion.TLSv1_2  # where a refusal ends the handshake
    with serving(tls=demanding) as server:
        if tool == "swaks":
            shown = swaks(server, "--tls", "--tls-cert", pem, "--tls-key", key)
        elif tool == "curl":
            shown = curl(server, "--ssl-reqd", "--insecure", "--cert", pem, "--key", key)
        else:
            where = ("-connect", f"localhost:{server.port}", "-starttls", "smtp")
            own = ("-cert", pem, "-key", key)
            shown = run(program("openssl"), "s_client", *where, *own, "-quiet", text=b"QUIT\n")
    assert server.heard[-1] in (b"QUIT\r\n", b"QUIT\n")
    assert shown[0] == 0 or tool == "openssl s_client"  # which wants more of an end than FIN


@pytest.mark.parametrize("tool", ["openssl s_client", "curl"])
def test_through_a_proxy(tool: str) -> None:
    """HTTP CONNECT to a server whose name the proxy looks up; here it ends with that."""
    heard: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            with listener.accept()[0] as link, link.makefile("rb") as lines:
                link.settimeout(LIMIT)
                heard.append(lines.readline())
                while lines.readline().strip():
                    pass
                link.sendall(b"HTTP/1.1 502 not now\r\n\r\n")

        thread = threading.Thread(target=serve)
        thread.start()
        proxy, where = f"127.0.0.1:{listener.getsockname()[1]}", "mail.example.test:25"
        if tool == "curl":
            run(program("curl"), "-s", "--proxytunnel", "--proxy", proxy, f"smtp://{where}/me.test")
        else:
            way = ("-proxy", proxy, "-connect", where, "-starttls", "smtp")
            run(program("openssl"), "s_client", *way)
        thread.join(LIMIT)
    assert heard[0].startswith(b"CONNECT mail.example.test:25 HTTP/1.")


def test_curl_has_socks() -> None:
    """It asks a SOCKS5 proxy for the server by its name."""
    heard: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            with listener.accept()[0] as link, link.makefile("rb") as octets:
                link.settimeout(LIMIT)
                version, count = octets.read(2)
                octets.read(count)
                link.sendall(bytes([version, 0]))
                heard.append(octets.read(5 + len("mail.example.test") + 2))
                link.sendall(bytes([5, 5, 0, 1, 0, 0, 0, 0, 0, 0]))  # refused

        thread = threading.Thread(target=serve)
        thread.start()
        proxy = f"127.0.0.1:{listener.getsockname()[1]}"
        run(program("curl"), "-s", "--socks5-hostname", proxy, "smtp://mail.example.test:25/")
        thread.join(LIMIT)
    assert heard == [b"\x05\x01\x00\x03\x11mail.example.test\x00\x19"]


def test_swaks_announces_a_client() -> None:
    """The PROXY protocol, version 1; and version 2 begins with its signature."""
    ends = ("--proxy-source", "192.0.2.1", "--proxy-source-port", "4000")
    ends += ("--proxy-dest", "192.0.2.2", "--proxy-dest-port", "25")
    second = ("--proxy-family", "AF_INET", "--proxy-protocol", "STREAM", "--proxy-command", "PROXY")
    with serving() as server:
        swaks(server, "--proxy-version", "1", "--proxy-family", "TCP4", *ends)
        swaks(server, "--proxy-version", "2", *second, *ends)
    assert server.heard[0] == b"PROXY TCP4 192.0.2.1 192.0.2.2 4000 25\r\n"
    assert any(write.startswith(b"\r\n\r\n\0\r\nQUIT\n") for write in server.writes)


def test_curl_announces_itself() -> None:
    """--haproxy-protocol, with the addresses of the link."""
    with serving() as server:
        curl(server, "--haproxy-protocol")
    assert re.match(rb"PROXY TCP[46] (\S+) \1 \d+ \d+\r\n", server.heard[0])


def test_swaks_talks_to_a_program(tmp_path: Path) -> None:
    """--pipe."""
    heard, script = tmp_path / "heard", tmp_path / "server.sh"
    script.write_text(f'echo "220 hi ESMTP"\nread line\necho "$line" >{heard}\n')
    run(program("swaks"), "--pipe", f"sh {script}", "--to", "b@example.test", "--ehlo", "me.test")
    assert heard.read_text().startswith("EHLO me.test")


def test_times_of_swaks() -> None:
    """One for each reply."""
    with serving() as server:
        _, shown = swaks(server, "--show-time-lapse")
    assert len(re.findall(rb"^=== response in [0-9.]+s$", shown, re.MULTILINE)) == 7


def test_times_of_curl() -> None:
    """Of connecting, of TLS and in all, as an object where it is asked for; none of a command."""
    with serving() as server:
        _, shown = curl(server, "--write-out", "%{stderr}%{json}")
    found = {name for name in json.loads(shown[shown.rindex(b'{"') :]) if name.startswith("time_")}
    assert {"time_namelookup", "time_connect", "time_appconnect", "time_total"} <= found
    assert len(found) == 7


@pytest.mark.parametrize("tool", BY_ITSELF)
def test_attachments(tool: str, tmp_path: Path) -> None:
    """A file becomes a part of the mail."""
    path = tmp_path / "report.txt"
    path.write_text("all is well\n")
    with serving() as server:
        if tool == "swaks":
            swaks(server, "--attach", f"@{path}")
        else:
            mail = ("--mail-from", "a@example.test", "--mail-rcpt", "b@example.test")
            parts = ("-F", "=hi", "-F", f"file=@{path};encoder=7bit")
            run(program("curl"), "-s", *mail, *parts, f"smtp://127.0.0.1:{server.port}/")
    message = b"".join(server.heard).lower()
    assert b"content-disposition: attachment" in message
    assert b"report.txt" in message


@pytest.mark.parametrize("tool", ["swaks", "openssl s_client", "curl"])
def test_a_unix_socket(tool: str, tmp_path: Path) -> None:
    """Each has an option for it."""
    path = tmp_path / "socket"
    heard: list[bytes] = []
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))
        listener.listen()

        def serve() -> None:
            with listener.accept()[0] as link, link.makefile("rb") as lines:
                link.settimeout(LIMIT)
                link.sendall(b"220 hi ESMTP\r\n")
                heard.append(lines.readline())

        thread = threading.Thread(target=serve)
        thread.start()
        if tool == "swaks":
            run(program("swaks"), "--socket", path, "--to", "b@example.test", "--ehlo", "me.test")
        elif tool == "curl":
            run(program("curl"), "-s", "--unix-socket", path, "smtp://localhost/me.test")
        else:
            run(program("openssl"), "s_client", "-unix", path, "-starttls", "smtp")
        thread.join(LIMIT)
    assert heard[0].startswith(b"EHLO ")


def test_status_of_swaks_and_curl() -> None:
    """Nobody listens, and a recipient is refused: a status each."""
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        nobody = Server({}, b"", None)
        nobody.port = unused.getsockname()[1]
        unreached = swaks(nobody)[0], curl(nobody)[0]
    with serving({b"RCPT": b"550 5.1.1 no\r\n"}) as server:
        refused = swaks(server)[0], curl(server)[0]
    assert (unreached, refused) == ((2, 7), (24, 55))


@pytest.mark.parametrize("tool", BY_HAND)
def test_a_refusal_is_no_failure(tool: str) -> None:
    """The status is 0, or what the end of the link makes of it, whatever the server said."""
    ended = []
    for reply in (b"250 ok\r\n", b"550 5.1.1 no\r\n"):
        with serving({b"RSET": reply}, tls=tool != "telnet") as server:
            start = s_client(server, "-quiet", "-crlf") if tool != "telnet" else telnet(server)
            with start as child:
                child.expect_exact("verify return:1" if tool != "telnet" else "ESMTP")
                child.sendline("RSET")
                child.expect_exact(reply[:6].decode())
                child.sendline("QUIT")
                child.expect(tools.pexpect.EOF)
                ended.append(child.wait())
    assert ended[0] == ended[1]
