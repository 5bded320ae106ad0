"""What each profile of the sandbox says, in memory: octets in, octets out."""

import base64
import hashlib
import hmac
from pathlib import Path

import pytest

from mailprobe.protocol.sasl import apop_digest
from mailprobe.sandbox.accounts import SECRETS
from mailprobe.sandbox.chance import Fixed
from mailprobe.sandbox.maildrop import Store
from mailprobe.sandbox.manners import LineEnds, When
from mailprobe.sandbox.office import Office
from mailprobe.sandbox.profiles import NIGHT, PROFILES, of_seed, seeds_of
from mailprobe.sandbox.server import samples
from tests.sandbox.helpers import Talk, base64_of, body_of, log_in, mails
from tests.sandbox.helpers import lmtp as talk_lmtp
from tests.sandbox.helpers import pop3 as talk_pop3
from tests.sandbox.helpers import smtp as talk_smtp


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "mail"


def office(folder: Path, name: str) -> Office:
    """What the services of a sandbox with this profile share, made as a start makes it."""
    chance = Fixed()
    store = Store(folder, chance=chance)
    found = Office(store, PROFILES[name], chance)
    for user in found.accounts.secrets:
        store.make(user)
    for user in found.profile.readers:
        for sample in samples(found.profile.mails):
            store.put(user, sample)
    return found


def smtp(folder: Path, name: str, *, hello: bool = True) -> Talk:
    talk = talk_smtp(office(folder, name))
    if hello:
        talk.line("EHLO client.example")
    return talk


def keywords(talk: Talk) -> list[str]:
    lines = talk.line("EHLO client.example").decode().splitlines()
    return [line[4:].split()[0] for line in lines[1:]]


def send(talk: Talk, body: bytes, sender: str = "alice@example.test") -> bytes:
    """A message to bob; returns the reply behind the dot, or the one that went before it."""
    for line in (f"MAIL FROM:<{sender}>", "RCPT TO:<bob@example.test>", "DATA"):
        reply = talk.line(line)
        if reply[:1] not in b"23":
            return reply
    return talk.say(body)


# ---------------------------------------------------------------------------------- the table


def test_what_there_is() -> None:
    """The lessons count on these names."""
    wanted = {"plain", "strict", "lax", "submit", "mx", "full", "lmtp", "muse", "night"}
    assert wanted <= PROFILES.keys()
    assert all(name == row.name and row.summary for name, row in PROFILES.items())


@pytest.mark.parametrize("name", PROFILES)
def test_every_profile_greets_and_parts(name: str, folder: Path) -> None:
    """No wording of a row has a gap that nothing fills."""
    shared = office(folder, name)
    for talk, bye in (
        (talk_smtp(shared), b"221 "),
        (talk_lmtp(shared), b"221 "),
        (talk_pop3(shared), b"+OK "),
    ):
        assert b"{" not in talk.greeting
        assert b"{" not in talk.line("HELP")
        assert talk.line("QUIT").startswith(bye)


# --------------------------------------------------------------------------------- plain, DSN


def test_plain_offers_what_a_first_lesson_needs(folder: Path) -> None:
    """HELP is there, and neither TLS nor a login is asked for."""
    talk = smtp(folder, "plain")
    offered = keywords(talk)
    assert {"PIPELINING", "SIZE", "8BITMIME", "DSN", "ENHANCEDSTATUSCODES", "HELP"} <= set(offered)
    assert talk.line("HELP").startswith(b"214-")
    assert talk.code("RCPT TO:<bob@example.test>") == "503 5.5.1"
    assert send(talk, b"Subject: a\r\n\r\nb\r\n.\r\n").startswith(b"250 2.0.0 ")


def reports(folder: Path) -> list[str]:
    return [octets.decode() for octets in mails(Store(folder), "alice")[len(samples()) :]]


_MAIL = "MAIL FROM:<alice@example.test> RET={ret} ENVID=QQ+2B314159"
_RCPT = "RCPT TO:<{user}@example.test> {notify}ORCPT=rfc822;{user}+40example.test"


def report_on(folder: Path, user: str, notify: str, ret: str = "HDRS") -> list[str]:
    talk = smtp(folder, "plain")
    talk.line(_MAIL.format(ret=ret))
    assert talk.code(_RCPT.format(user=user, notify=notify)) == "250 2.1.5"
    talk.line("DATA")
    assert talk.say(b"Subject: a\r\n\r\nthe body\r\n.\r\n").startswith(b"250 2.0.0 ")
    return reports(folder)


def test_a_report_of_success(folder: Path) -> None:
    """RFC 3464: what was asked by xtext comes back undone; of a success the header alone."""
    [report] = report_on(folder, "bob", "NOTIFY=SUCCESS,FAILURE ", ret="FULL")
    for line in (
        "Return-Path: <>",
        "Reporting-MTA: dns; example.test",
        "Original-Envelope-Id: QQ+314159",
        "Original-Recipient: rfc822;bob@example.test",
        "Final-Recipient: rfc822; bob@example.test",
        "Action: delivered",
        "Status: 2.1.5",
        "Content-Type: text/rfc822-headers",
        "Subject: a",
    ):
        assert f"\r\n{line}\r\n" in f"\r\n{report}"
    assert "the body" not in report


@pytest.mark.parametrize("ret, whole", [("FULL", True), ("HDRS", False)])
def test_a_report_of_failure(folder: Path, ret: str, whole: bool) -> None:
    """It comes unasked, and has the message or its header (RFC 3461, section 4.3)."""
    [report] = report_on(folder, "bounce", "", ret)
    assert "\r\nAction: failed\r\nStatus: 5.2.1\r\n" in report
    assert ("the body" in report) is whole


@pytest.mark.parametrize(
    "user, notify", [("bob", ""), ("bob", "NOTIFY=NEVER "), ("bounce", "NOTIFY=NEVER ")]
)
def test_no_report(folder: Path, user: str, notify: str) -> None:
    """NEVER is never, and without NOTIFY a success is no news."""
    assert report_on(folder, user, notify) == []


@pytest.mark.parametrize("sender", ["", "carol@client.example"])
def test_nobody_to_report_to(folder: Path, sender: str) -> None:
    """The null reverse-path, and one that is not ours, bring no report anywhere."""
    talk = smtp(folder, "plain")
    talk.line(f"MAIL FROM:<{sender}>")
    talk.line("RCPT TO:<bounce@example.test>")
    talk.line("DATA")
    assert talk.say(b"a\r\n.\r\n").startswith(b"250 ")
    assert reports(folder) == []


# ------------------------------------------------------------------------------ strict and lax

_SMUGGLED = (
    b"Subject: one\r\n\r\nthe first\n.\nMAIL FROM:<boss@bank.test>\r\n"
    b"RCPT TO:<bob@example.test>\r\nDATA\r\nSubject: two\r\n\r\nsmuggled\r\n.\r\n"
)


def test_strict_takes_no_smuggled_mail(folder: Path) -> None:
    """LF . LF ends nothing there, and a message with a bare LF is refused."""
    talk = smtp(folder, "strict")
    assert send(talk, _SMUGGLED).startswith(b"550 5.5.2 ")
    assert mails(Store(folder), "bob") == []
    assert talk.code("NOOP") == "250 2.0.0"


def test_lax_takes_it(folder: Path) -> None:
    """LF . LF ends the mail data, and what follows is a session of its own."""
    talk = smtp(folder, "lax")
    talk.line("MAIL FROM:<alice@example.test>")
    talk.line("RCPT TO:<bob@example.test>")
    talk.line("DATA")
    replies = talk.say(_SMUGGLED)
    assert [line[:3] for line in replies.splitlines()] == [b"250", b"250", b"250", b"354", b"250"]
    first, second = mails(Store(folder), "bob")
    assert body_of(first) == b"Subject: one\r\n\r\nthe first\r\n"
    assert b"Return-Path: <boss@bank.test>" in second


def test_lax_needs_no_hello(folder: Path) -> None:
    """Nor CRLF: both of which a strict server insists on."""
    talk = smtp(folder, "lax", hello=False)
    assert talk.say(b"MAIL FROM:<alice@example.test>\n").startswith(b"250 ")
    assert talk.say(b"RCPT TO:<bob@example.test>\nDATA\n")[:3] == b"250"
    assert talk.say(b"a\r").decode() == ""
    assert talk.say(b"\n.\nQUIT\n").splitlines()[0].startswith(b"250 ")
    [mail] = mails(Store(folder), "bob")
    assert b"Received: from unknown " in mail


def test_strict_ends_a_session_with_bare_lf(folder: Path) -> None:
    """A command that LF ends (RFC 5321, section 2.3.8)."""
    talk = smtp(folder, "strict")
    assert talk.say(b"NOOP\nNOOP\r\n").startswith(b"521 5.5.2 ")
    assert talk.finished


def test_strict_measures_lines(folder: Path) -> None:
    """512 octets for a command, 1000 for a line of the mail data; their CRLF counts."""
    talk = smtp(folder, "strict")
    assert talk.code("NOOP " + "x" * 505) == "250 2.0.0"
    assert talk.code("NOOP " + "x" * 506) == "500 5.5.2"
    assert send(talk, b"x" * 998 + b"\r\n.\r\n").startswith(b"250 ")
    assert send(talk, b"x" * 999 + b"\r\n.\r\n").startswith(b"554 5.6.0 ")
    talk.line("MAIL FROM:<alice@example.test>")
    talk.line("RCPT TO:<bob@example.test>")
    talk.line("DATA")
    for piece in (b"x" * 600, b"x" * 500):
        assert talk.say(piece) == b""
    assert talk.say(b"\r\n.\r\n").startswith(b"554 5.6.0 ")


@pytest.mark.parametrize(
    "line, code",
    [
        ("SEND FROM:<alice@example.test>", "502 5.5.1"),
        ("SOML FROM:<alice@example.test>", "502 5.5.1"),
        ("SAML FROM:<alice@example.test>", "502 5.5.1"),
        ("TURN", "502 5.5.1"),
        ("EXPN postmaster", "502 5.5.1"),
        ("VRFY alice", "252 2.0.0"),
        ("FOO", "500 5.5.1"),
        ("HELP", "214 2.0.0"),
    ],
)
def test_strict_sorts_the_old_commands(folder: Path, line: str, code: str) -> None:
    """500 is "never heard of it", 502 "known, and not done" (RFC 5321, section 4.2.4)."""
    assert smtp(folder, "strict").code(line) == code


def test_dots_reach_strict_as_they_are_typed(folder: Path) -> None:
    """One dot comes off each line (RFC 5321, section 4.5.2); chunks have none to take off."""
    talk = smtp(folder, "strict")
    send(talk, b"..hidden\r\n...\r\n.\r\n")
    talk.line("MAIL FROM:<alice@example.test>")
    talk.line("RCPT TO:<bob@example.test>")
    assert talk.say(b"BDAT 11 LAST\r\n.hidden\r\n.\r").startswith(b"250 ")
    first, second = map(body_of, mails(Store(folder), "bob"))
    assert first == b".hidden\r\n..\r\n"
    assert second == b".hidden\r\n.\r\r\n"


# -------------------------------------------------------------------------------------- submit


def test_submit_asks_for_tls_and_then_for_a_login(folder: Path) -> None:
    """Each door has its own refusal (RFC 3207, section 4; RFC 4954, section 6)."""
    talk = smtp(folder, "submit")
    assert "STARTTLS" in keywords(talk)
    assert "AUTH" not in keywords(talk)
    assert talk.code("AUTH PLAIN AGFsaWNlAHNlY3JldA==") == "538 5.7.11"
    assert talk.code("MAIL FROM:<alice@example.test>") == "530 5.7.0"
    assert talk.code("STARTTLS") == "220 2.0.0"
    talk.start_tls()
    assert talk.code("MAIL FROM:<alice@example.test>") == "503 5.5.1"
    offered = keywords(talk)
    assert "STARTTLS" not in offered
    assert "AUTH" in offered
    assert talk.code("STARTTLS") == "503 5.5.1"
    assert talk.code("MAIL FROM:<alice@example.test>") == "530 5.7.0"
    assert talk.code("AUTH PLAIN AGFsaWNlAHNlY3JldA==") == "235 2.7.0"
    assert talk.code("AUTH PLAIN AGFsaWNlAHNlY3JldA==") == "503 5.5.1"
    assert talk.code("MAIL FROM:<alice@example.test>") == "250 2.1.0"
    assert talk.code("RCPT TO:<someone@elsewhere.test>") == "250 2.1.5"


def submit(folder: Path) -> Talk:
    talk = smtp(folder, "submit")
    talk.start_tls()
    talk.line("EHLO client.example")
    return talk


def test_submit_refuses_logins_each_in_its_way(folder: Path) -> None:
    """Badly written, cancelled, wrong."""
    talk = submit(folder)
    assert talk.code("AUTH PLAIN !!!") == "501 5.5.2"
    assert talk.line("AUTH LOGIN") == b"334 VXNlcm5hbWU6\r\n"
    assert talk.code("*") == "501 5.5.2"
    assert talk.code(b"AUTH PLAIN " + base64_of(b"\0alice\0wrong")) == "535 5.7.8"
    assert talk.code("AUTH ANONYMOUS eA==") == "504 5.5.4"


def test_submit_plays_the_example_of_rfc_2195(folder: Path) -> None:
    """tim logs in with the very digest that the RFC shows."""
    talk = submit(folder)
    challenge = talk.line("AUTH CRAM-MD5").removeprefix(b"334 ").strip()
    assert base64.b64decode(challenge) == b"<1896.697170952@postoffice.reston.mci.net>"
    answer = base64.b64decode("dGltIGI5MTNhNjAyYzdlZGE3YTQ5NWI0ZTZlNzMzNGQzODkw")
    digest = hmac.new(b"tanstaaftanstaaf", base64.b64decode(challenge), hashlib.md5).hexdigest()
    assert answer == f"tim {digest}".encode()
    assert talk.code(base64_of(answer)) == "235 2.7.0"


# ------------------------------------------------------------------------------------ mx, full


def test_mx_refuses_for_the_domain(folder: Path) -> None:
    """A null MX, one that cannot be looked up, and a sender whom SPF does not let in."""
    talk = smtp(folder, "mx")
    assert talk.code("MAIL FROM:<boss@bank.test>") == "550 5.7.23"
    assert talk.code("MAIL FROM:<boss@other.test>") == "250 2.1.0"
    for domain, code in (
        ("null.test", "556 5.1.10"),
        ("fail.test", "451 4.4.3"),
        ("gone.test", "550 5.1.2"),
        ("elsewhere.test", "554 5.7.1"),
        ("tie.test", "250 2.1.5"),
    ):
        assert talk.code(f"RCPT TO:<bob@{domain}>") == code
    talk.line("DATA")
    assert talk.say(b"From: boss@bank.test\r\n\r\na\r\n.\r\n").startswith(b"250 ")
    assert len(mails(Store(folder), "bob")) == 1


def test_full_has_a_refusal_for_each_reason(folder: Path) -> None:
    """The message goes to whoever was accepted."""
    talk = smtp(folder, "full")
    assert talk.code("MAIL FROM:<alice@example.test> SIZE=99999999") == "552 5.3.4"
    talk.line("MAIL FROM:<alice@example.test>")
    for address, code in (
        ("bob@example.test", "250 2.1.5"),
        ("unknown@example.test", "550 5.1.1"),
        ("FULL@Example.Test", "452 4.2.2"),
        ("grey@example.test", "450 4.7.1"),
        ("moved@example.test", "551 5.1.6"),
        ("someone@elsewhere.test", "554 5.7.1"),
        ("a%elsewhere.test@example.test", "554 5.7.1"),
        ("@a.test,@b.test:c@elsewhere.test", "554 5.7.1"),
    ):
        assert talk.code(f"RCPT TO:<{address}>") == code
    talk.line("DATA")
    assert talk.say(b"a\r\n.\r\n").startswith(b"250 ")
    assert len(mails(Store(folder), "bob")) == 1


def test_a_greylist_wants_another_attempt(folder: Path) -> None:
    """To ask twice in one mail transaction is none; in the next one the recipient is there."""
    talk = smtp(folder, "full")
    talk.line("MAIL FROM:<alice@example.test>")
    assert talk.code("RCPT TO:<grey@example.test>") == "450 4.7.1"
    assert talk.code("RCPT TO:<grey@example.test>") == "450 4.7.1"
    talk.line("RSET")
    talk.line("MAIL FROM:<alice@example.test>")
    assert talk.code("RCPT TO:<grey@example.test>") == "250 2.1.5"
    talk.line("RSET")
    talk.line("MAIL FROM:<carol@client.example>")
    assert talk.code("RCPT TO:<grey@example.test>") == "450 4.7.1"


def test_full_relays_for_users(folder: Path) -> None:
    """Relaying is refused to strangers alone."""
    talk = smtp(folder, "full")
    assert talk.code("AUTH PLAIN AGFsaWNlAHNlY3JldA==") == "235 2.7.0"
    talk.line("MAIL FROM:<alice@example.test>")
    assert talk.code("RCPT TO:<someone@elsewhere.test>") == "250 2.1.5"


# ---------------------------------------------------------------------------------------- lmtp


def test_lmtp_fails_behind_the_dot(folder: Path) -> None:
    """One reply for each recipient, in their order (RFC 2033, section 4.2)."""
    talk = talk_lmtp(office(folder, "lmtp"))
    assert talk.code("EHLO client.example") == "500 5.5.1"
    talk.line("LHLO client.example")
    talk.line("MAIL FROM:<alice@example.test>")
    assert talk.code("RCPT TO:<full@example.test>") == "250 2.1.5"
    assert talk.code("RCPT TO:<unknown@example.test>") == "550 5.1.1"
    assert talk.code("RCPT TO:<bob@example.test>") == "250 2.1.5"
    talk.line("DATA")
    first, second = talk.say(b"a\r\n.\r\n").splitlines()
    assert first.startswith(b"552 5.2.2 ")
    assert second == b"250 2.0.0 <bob@example.test> Saved"
    assert len(mails(Store(folder), "bob")) == 1
    assert not (folder / "kept").exists() or not list((folder / "kept/full/new").iterdir())


# ---------------------------------------------------------------------------------------- muse


def test_muse_speaks_as_the_page_has_it(folder: Path) -> None:
    """The replies of the session of 2006, and what is said of two mails."""
    talk = talk_pop3(office(folder, "muse"))
    assert talk.greeting == (
        b"+OK [MuseMail 3.5 POP3 Server](25) service ready; "
        b"Mon, 06 Feb 2006 13:41:07 +0800 <1896.697170952@dbc.mtview.ca.us>\r\n"
    )
    for line, reply in (
        ("STAT", b"-ERR Command not valid before login"),
        ("USER alice", b"+OK Password required for alice@example.test"),
        ("PASS wrong", b"-ERR Invalid auth or access denied"),
        ("user alice@example.test", b"+OK Password required for alice@example.test"),
        ("pass secret", b"+OK Maildrop has 2 messages (1411 bytes)"),
        ("STAT", b"+OK 2 1411"),
        ("LIST 1", b"+OK 1 999"),
        ("LIST 9", b"-ERR No such message"),
        ("RETR 0", b"-ERR No such message"),
        ("RETR 1", b"+OK 999 bytes"),
        ("TOP 1 0", b"+OK message is 999 bytes"),
        ("DELE 1", b"+OK Message deleted"),
        ("RETR 1", b"-ERR Message 1 already deleted"),
        ("RSET", b"+OK Maildrop has 2 messages (1411 bytes)"),
        ("QUIT", b"+OK [MuseMail 3.5 POP3 Server] closing session"),
    ):
        assert talk.line(line).splitlines()[0] == reply


def test_muse_has_a_mail_in_chinese(folder: Path) -> None:
    """The second one: its subject and its text are in GB2312."""
    talk = log_in(talk_pop3(office(folder, "muse")))
    mail = talk.line("RETR 2")
    assert b"\r\nSubject: =?GB2312?B?suLK1NPKvP4=?=\r\n" in mail
    assert base64.b64decode("suLK1NPKvP4=").decode("gb2312") == "测试邮件"
    assert b"\r\n=C4=E3=BA=C3,=CA=C0=BD=E7!\r\n" in mail
    talk.hang_up()


def test_muse_plays_the_example_of_rfc_1939(folder: Path) -> None:
    """mrose logs in with the very digest that the RFC shows, and alice with hers."""
    shared = office(folder, "muse")
    talk = talk_pop3(shared)
    assert talk.line("APOP mrose c4c9334bac560ecc979e58001b3e22fb").startswith(
        b"+OK Maildrop has 2"
    )
    other = talk_pop3(shared)
    digest = apop_digest(b"<1896.697170952@dbc.mtview.ca.us>", SECRETS["alice"])
    assert other.line(f"APOP alice {digest}").startswith(b"+OK Maildrop has 2")
    third = talk_pop3(shared)
    assert third.line(f"APOP alice {digest}").startswith(b"-ERR [IN-USE] ")
    for each in (talk, other):
        each.hang_up()


def test_muse_can_do_little(folder: Path) -> None:
    """STLS goes from the list when TLS is on; AUTH is not known at all."""
    talk = talk_pop3(office(folder, "muse"))
    assert talk.line("CAPA").splitlines()[1:-1] == [
        *(b"TOP", b"UIDL", b"USER", b"RESP-CODES", b"STLS", b"IMPLEMENTATION MuseMail-3.5"),
    ]
    assert talk.line("AUTH") == b"-ERR Unknown command\r\n"
    talk.start_tls()
    assert b"STLS" not in talk.line("CAPA")


def test_muse_sends_mail_without_enhanced_codes(folder: Path) -> None:
    """What is not offered is not said (RFC 2034, section 4)."""
    talk = smtp(folder, "muse", hello=False)
    assert talk.greeting.startswith(b"220 example.test [MuseMail 3.5 ESMTP Server](25) service")
    assert talk.line("MAIL FROM:<alice@example.test>") == b"503 say hello first: EHLO\r\n"
    talk.line("HELO client.example")
    assert send(talk, b"a\r\n.\r\n").startswith(b"250 Message accepted for delivery (060206")
    assert talk.line("BDAT 0 LAST") == b"502 Command not implemented\r\n"
    talk = talk_lmtp(office(folder, "muse"))
    talk.line("LHLO client.example")
    assert send(talk, b"a\r\n.\r\n") == b"250 <bob@example.test> Saved\r\n"


@pytest.mark.parametrize("name", PROFILES)
def test_nobody_is_promised_that_every_address_takes_mail(name: str, folder: Path) -> None:
    """Where some recipients are refused, VRFY does not say the contrary."""
    refuses = any(fate.when is not When.LATER for fate in PROFILES[name].smtp.fates.values())
    assert not refuses or b"Every address" not in smtp(folder, name).line("VRFY bob")


# --------------------------------------------------------------------------------------- night


def test_the_seed_picks_the_night() -> None:
    """Six of them, and then the first again; other profiles leave nothing to it."""
    found = [of_seed(PROFILES[NIGHT], seed).name for seed in range(7)]
    assert found == [*(f"night-{number}" for number in range(6)), "night-0"]
    assert of_seed(PROFILES["plain"], 3) is PROFILES["plain"]


def symptoms(folder: Path, name: str) -> dict[str, str]:
    """What a caller finds out by conversation alone."""
    shared = office(folder, name)
    mail = talk_smtp(shared)
    found = {"AUTH": str("AUTH" in keywords(mail))}
    found["login"] = mail.code("AUTH PLAIN AGFsaWNlAHNlY3JldA==")
    mail.line("MAIL FROM:<alice@example.test>")
    found["alice"] = mail.code("RCPT TO:<alice@example.test>")
    found["relay"] = mail.code("RCPT TO:<someone@elsewhere.test>")
    maildrop = talk_pop3(shared)
    maildrop.line("USER alice")
    found["maildrop"] = maildrop.line("PASS secret").split(b"]")[0].decode()[:13]
    maildrop.hang_up()
    found["expired"] = str(shared.profile.expired)
    zone = shared.profile.zone
    assert zone is not None
    found["mx"] = str({record.data for record in zone.records if record.kind == "MX"})
    return found


def test_every_night_has_one_fault(tmp_path: Path) -> None:
    """Each differs from the others, and each in one thing from what is right."""
    nights = {f"night-{each}": symptoms(tmp_path / str(each), f"night-{each}") for each in range(6)}
    right = {
        "AUTH": "True",
        "login": "235 2.7.0",
        "alice": "250 2.1.5",
        "relay": "250 2.1.5",
        "maildrop": "+OK alice's m",
        "expired": "False",
        "mx": str({"10 mx1.example.test.", "20 mx2.example.test."}),
    }
    wrong = {
        name: {key for key, value in found.items() if value != right[key] and key != "mx"}
        for name, found in nights.items()
    }
    assert wrong == {
        "night-0": set(),
        "night-1": {"expired"},
        "night-2": {"AUTH", "login", "relay"},
        "night-3": {"alice"},
        "night-4": {"relay"},
        "night-5": {"maildrop"},
    }
    assert "mx0" in nights["night-0"]["mx"]
    assert all("mx1" in found["mx"] for name, found in nights.items() if name != "night-0")


@pytest.mark.parametrize("number", range(seeds_of(PROFILES[NIGHT])))
def test_each_night_has_its_ticket(tmp_path: Path, number: int) -> None:
    """HELP tells what the users complain of; another profile has no ticket, and one character."""
    ticket = PROFILES[f"{NIGHT}-{number}"].smtp.ticket
    said = talk_smtp(office(tmp_path, f"{NIGHT}-{number}")).line("HELP").decode()
    assert ticket
    assert said.startswith(f"214-2.0.0 Ticket: {ticket}\r\n")
    others = (PROFILES[f"{NIGHT}-{each}"].smtp.ticket for each in range(6) if each != number)
    assert ticket not in others
    assert "Ticket" not in talk_smtp(office(tmp_path, "plain")).line("HELP").decode()
    assert seeds_of(PROFILES["plain"]) == 1


def test_line_ends_are_named() -> None:
    """The two that the lesson on smuggling sets against each other."""
    assert PROFILES["lax"].smtp.line_ends is LineEnds.LF
    assert PROFILES["strict"].smtp.line_ends is LineEnds.CRLF
