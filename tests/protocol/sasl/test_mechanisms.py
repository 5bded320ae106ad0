"""SASL in both roles, against the RFCs' own exchanges, itself and arbitrary octets."""

import base64
import hashlib
import subprocess
import sys
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailprobe.protocol import sasl
from mailprobe.protocol.sasl import Impostor, SaslError

SECRETS = {"alice": "correct horse", "jürgen": "straße", "eq=com,ma": "x,y=z"}
SALT = b"twelve octets and more"
SCRAM = ("SCRAM-SHA-1", "SCRAM-SHA-256", "SCRAM-SHA-512")
# Those that a password and nothing else is needed for.
PASSWORDS = (*reversed(SCRAM), "CRAM-MD5", "PLAIN", "LOGIN")


def asking(mechanism: str, user: str = "alice", secret: str = "correct horse") -> sasl.Client:
    return sasl.client(mechanism, user, secret, nonce="client@nonce")


def granting(mechanism: str) -> sasl.Server:
    return sasl.server(mechanism, SECRETS.get, nonce="server@nonce", salt=SALT)


def exchange(client: sasl.Client, server: sasl.Server) -> tuple[str, list[bytes], list[bytes]]:
    """Wire both roles together; give the user, the challenges and the responses."""
    challenges: list[bytes] = []
    responses: list[bytes] = []
    challenge = next(server)
    response = next(client)
    assert (challenge is None) != (response is None), "one of them speaks first"
    if challenge is not None:
        challenges.append(challenge)
        response = client.send(challenge)
    while True:
        assert response is not None
        responses.append(response)
        try:
            challenge = server.send(response)
        except StopIteration as end:
            return end.value, challenges, responses
        except SaslError as error:
            raise Refused(error.sentence, challenges) from error
        assert challenge is not None
        challenges.append(challenge)
        response = client.send(challenge)


class Refused(Exception):
    """The server said no: its sentence, and what it had said before."""


def assert_fit_to_be_shown(error: SaslError) -> None:
    assert error.sentence
    assert error.sentence.isprintable()
    assert "correct horse" not in error.sentence


def finished(server: sasl.Server, response: bytes) -> str:
    with pytest.raises(StopIteration) as end:
        server.send(response)
    assert isinstance(end.value.value, str)
    return end.value.value


# ------------------------------------------------------------------------------------ vectors


def test_cram_md5_of_rfc_2195() -> None:
    """The example of RFC 2195, section 2: challenge, digest and acceptance."""
    challenge = b"<1896.697170952@postoffice.reston.mci.net>"
    response = b"tim b913a602c7eda7a495b4e6e7334d3890"
    client = sasl.client("CRAM-MD5", "tim", "tanstaaftanstaaf", nonce="")
    assert next(client) is None
    assert client.send(challenge) == response
    server = sasl.server(
        "CRAM-MD5",
        {"tim": "tanstaaftanstaaf"}.get,
        nonce="1896.697170952@postoffice.reston.mci.net",
        salt=b"",
    )
    assert next(server) == challenge
    assert finished(server, response) == "tim"


@pytest.mark.parametrize(
    "name, nonces, salt, messages",
    [
        (
            "SCRAM-SHA-1",
            ("fyko+d2lbbFgONRv9qkxdawL", "3rfcNHYJY1ZVvWVs7j"),
            "QSXCR+Q6sek8bf92",
            (
                "n,,n=user,r=fyko+d2lbbFgONRv9qkxdawL",
                "r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,s=QSXCR+Q6sek8bf92,i=4096",
                (
                    "c=biws,r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,"
                    "p=v0X8v3Bz2T0CJGbJQyF0X+HI4Ts="
                ),
                "v=rmF9pqV8S7suAoZWja4dJRkFsKQ=",
            ),
        ),
        (
            "SCRAM-SHA-256",
            ("rOprNGfwEbeRWgbNEkqO", "%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0"),
            "W22ZaJ0SNY7soEsUEjb6gQ==",
            (
                "n,,n=user,r=rOprNGfwEbeRWgbNEkqO",
                (
                    "r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,"
                    "s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096"
                ),
                (
                    "c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,"
                    "p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ="
                ),
                "v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=",
            ),
        ),
    ],
)
def test_scram_of_the_rfcs(
    name: str, nonces: tuple[str, str], salt: str, messages: tuple[str, ...]
) -> None:
    """Both roles write the exchange of RFC 5802, section 5, and RFC 7677, section 3."""
    client = sasl.client(name, "user", "pencil", nonce=nonces[0])
    server = sasl.server(
        name, {"user": "pencil"}.get, nonce=nonces[1], salt=base64.b64decode(salt), iterations=4096
    )
    user, challenges, responses = exchange(client, server)
    first, server_first, final, server_final = (text.encode() for text in messages)
    assert user == "user"
    assert responses == [first, final, b""]
    assert challenges == [server_first, server_final]


def test_plain_of_rfc_4616() -> None:
    """The first example of RFC 4616, section 4: no authzid, user tim."""
    client = sasl.client("PLAIN", "tim", "tanstaaftanstaaf", nonce="")
    assert next(client) == b"\0tim\0tanstaaftanstaaf"


def test_apop_of_rfc_1939() -> None:
    """The example of RFC 1939, section 7."""
    greeting = b"+OK POP3 server ready <1896.697170952@dbc.mtview.ca.us>"
    timestamp = sasl.apop_timestamp(greeting)
    assert timestamp == b"<1896.697170952@dbc.mtview.ca.us>"
    assert sasl.apop_digest(timestamp, "tanstaaf") == "c4c9334bac560ecc979e58001b3e22fb"


# ------------------------------------------------------------------------ client against server


@pytest.mark.parametrize("mechanism", PASSWORDS)
@pytest.mark.parametrize("user", SECRETS)
def test_right_secret(mechanism: str, user: str) -> None:
    """Every mechanism lets every user in, and both generators have nothing left to say."""
    client = asking(mechanism, user, SECRETS[user])
    assert exchange(client, granting(mechanism))[0] == user
    with pytest.raises(StopIteration):
        client.send(b"one challenge too many")


@pytest.mark.parametrize("mechanism", PASSWORDS)
def test_wrong_secret_looks_like_no_such_user(mechanism: str) -> None:
    """A wrong secret is refused; an unknown user meets the same challenges and sentence."""
    seen = []
    for user, secret in (("alice", "wrong"), ("nobody", "correct horse"), ("nobody", "")):
        with pytest.raises(Refused) as refused:
            exchange(asking(mechanism, user, secret), granting(mechanism))
        seen.append(refused.value.args)
    assert seen[0] == seen[1] == seen[2]


def test_empty_secret_of_a_user_is_not_the_absent_one() -> None:
    """A user whose secret is empty comes in with it; the comparison is with None, not truth."""
    for mechanism in PASSWORDS:
        server = sasl.server(mechanism, {"guest": ""}.get, nonce="a@b", salt=SALT)
        assert exchange(asking(mechanism, "guest", ""), server)[0] == "guest"


@pytest.mark.parametrize("mechanism", PASSWORDS)
def test_names_in_any_case(mechanism: str) -> None:
    """AUTH takes mechanism names in any case; so does every function here."""
    lower = mechanism.lower()
    _, _, responses = exchange(asking(lower), granting(lower))
    assert sasl.credentials_in(lower, responses)[0] == "alice"


def test_strongest_first() -> None:
    """What is taken by default does not give the secret away when something better is there."""
    assert tuple(name for name in sasl.MECHANISMS if name in PASSWORDS) == PASSWORDS
    assert sasl.MECHANISMS[:3] == tuple(f"{name}-PLUS" for name in reversed(SCRAM))
    assert sasl.MECHANISMS[-1] == "ANONYMOUS"


def test_login_ignores_the_prompts() -> None:
    """The client of LOGIN answers by order, whatever the challenges say."""
    client = asking("LOGIN")
    assert next(client) is None
    assert client.send(b"Password:") == b"alice"
    assert client.send(b"User Name\0\xff") == b"correct horse"


def test_login_with_initial_response() -> None:
    """The user of an initial response goes in after `Username:`, which stays unsaid."""
    server = granting("LOGIN")
    assert next(server) == b"Username:"
    assert server.send(b"alice") == b"Password:"
    assert finished(server, b"correct horse") == "alice"


def test_scram_prepares_names() -> None:
    """SASLprep: a soft hyphen falls away, in the user that the server reports, too."""
    client = asking("SCRAM-SHA-256", "ali\u00adce")
    assert exchange(client, granting("SCRAM-SHA-256"))[0] == "alice"


# -------------------------------------------------------------------------------- arguments


@pytest.mark.parametrize("mechanism", PASSWORDS)
@pytest.mark.parametrize("bad", ["\0", "\r", "\n", "\ud800"])
@pytest.mark.parametrize("where", ["user", "secret", "nonce"])
def test_unsafe_arguments(mechanism: str, bad: str, where: str) -> None:
    """NUL, CR, LF and lone surrogates are refused at once, and the error does not quote them."""
    arguments = {"user": "alice", "secret": "correct horse", "nonce": "nonce"}
    arguments[where] = f"hunter2{bad}x"
    with pytest.raises(ValueError, match=where) as refused:
        sasl.client(mechanism, arguments["user"], arguments["secret"], nonce=arguments["nonce"])
    assert "hunter2" not in str(refused.value)
    assert type(refused.value) is ValueError


@pytest.mark.parametrize("bad", ["", "\x01", "\U0001f511", "\u0627x"])
def test_scram_cannot_carry_every_user(bad: str) -> None:
    """What SASLprep forbids, and the empty user, are refused before anything is sent."""
    with pytest.raises(ValueError, match="SCRAM-SHA-1 cannot carry"):
        asking("SCRAM-SHA-1", bad)


@pytest.mark.parametrize("nonce", ["", "a,b", "a b", "é"])
@pytest.mark.parametrize("mechanism", SCRAM)
def test_scram_nonces(mechanism: str, nonce: str) -> None:
    """A nonce is printable ASCII without a comma (RFC 5802, section 7)."""
    with pytest.raises(ValueError, match="nonce"):
        sasl.client(mechanism, "alice", "x", nonce=nonce)
    with pytest.raises(ValueError, match="nonce"):
        sasl.server(mechanism, SECRETS.get, nonce=nonce, salt=SALT)


@pytest.mark.parametrize("salt, iterations", [(b"short", 4096), (SALT, 4095), (SALT, 0)])
def test_scram_salt_and_count(salt: bytes, iterations: int) -> None:
    """A short salt and a low count are the caller's mistake and found at once."""
    with pytest.raises(ValueError, match="SCRAM-SHA-256 cannot use"):
        sasl.server("SCRAM-SHA-256", SECRETS.get, nonce="n", salt=salt, iterations=iterations)


@pytest.mark.parametrize("nonce", ["", "left", "@right", "left@", "<a@b>", "a b@c", "a@b\xe9"])
def test_cram_md5_nonces(nonce: str) -> None:
    """The challenge of CRAM-MD5 is a msg-id (RFC 2195, section 2)."""
    with pytest.raises(ValueError, match="left@right"):
        sasl.server("CRAM-MD5", SECRETS.get, nonce=nonce, salt=b"")


@pytest.mark.parametrize("mechanism", ["", "DIGEST-MD5", "SCRAM-SHA3-512", "\x1b]0;x"])
def test_unknown_mechanism(mechanism: str) -> None:
    """An unknown mechanism is named safely, with the known ones."""
    with pytest.raises(ValueError, match="known: SCRAM-SHA-512-PLUS, ") as refused:
        asking(mechanism)
    assert str(refused.value).isprintable()
    with pytest.raises(ValueError, match="unknown SASL mechanism"):
        granting(mechanism)


def test_scramp_is_loaded_by_scram_alone() -> None:
    """No other mechanism pays for the import of scramp, nor lets it ask for random octets."""
    program = (
        "import sys; from mailprobe.protocol import sasl\n"
        "for name in ('PLAIN', 'LOGIN', 'CRAM-MD5'):\n"
        "    next(sasl.client(name, 'u', 's', nonce=''))\n"
        "    next(sasl.server(name, {}.get, nonce='a@b', salt=b''))\n"
        "assert not {'scramp', 'secrets', 'random'} & set(sys.modules), sorted(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", program], check=True)


# ------------------------------------------------------------------------ hostile servers


@pytest.mark.parametrize(
    "challenge", [b"", b"hello", b"<a@b", b"a@b>", b"\xff\x1b[2J", b"<" + b"x" * 9000]
)
def test_cram_md5_challenge_without_brackets(challenge: bytes) -> None:
    """What is no challenge is not answered; the sentence is printable and short."""
    client = asking("CRAM-MD5")
    next(client)
    with pytest.raises(SaslError) as refused:
        client.send(challenge)
    assert refused.value.sentence == str(refused.value)
    assert refused.value.sentence.isprintable()
    assert len(refused.value.sentence) < 500


@pytest.mark.parametrize("mechanism", SCRAM)
@pytest.mark.parametrize(
    "challenge",
    [
        b"",
        b"\xff",
        b"nonsense",
        b"e=other-error",
        b"e=\x1b[2J",
        b"r=client@nonce,s=dHdlbHZlIG9jdGV0cw==,i=4096",  # nothing added to the nonce
        b"r=someone-else,s=dHdlbHZlIG9jdGV0cw==,i=4096",
        b"r=client@nonceX,s=dHdlbHZlIG9jdGV0cw==,i=1",
        b"r=client@nonceX,s=dHdlbHZlIG9jdGV0cw==,i=-4096",
        b"r=client@nonceX,s=dHdlbHZlIG9jdGV0cw==,i=x",
        b"r=client@nonceX,s=dHdlbHZlIG9jdGV0cw==,i=" + b"9" * 5000,
        b"r=client@nonceX,s=dHdlbHZlIG9jdGV0cw==,i=1000001",
        b"r=client@nonceX,s=*,i=4096",
        b"r=client@nonceX,s=\xc3\xa9,i=4096",
        b"r=client@nonceX,i=4096",
        b"m=x,r=client@nonceX,s=dHdlbHZlIG9jdGV0cw==,i=4096",
    ],
)
def test_scram_malformed_server_first(mechanism: str, challenge: bytes) -> None:
    """No wrong first message of a server gets a proof."""
    client = asking(mechanism)
    next(client)
    with pytest.raises(SaslError) as refused:
        client.send(challenge)
    assert refused.value.sentence.isprintable()


def test_scram_bounds_the_work() -> None:
    """A server cannot make the client count for long; the sentence names the bound."""
    client = asking("SCRAM-SHA-256")
    next(client)
    with pytest.raises(SaslError, match="at most 1000000 iterations, the server wants 1000001"):
        client.send(b"r=client@nonceX,s=dHdlbHZlIG9jdGV0cw==,i=1000001")


@pytest.mark.parametrize("mechanism", SCRAM)
@pytest.mark.parametrize(
    "challenge",
    [b"", b"\xff", b"v=", b"v=*", b"v=AAAA", b"v=" + b"A" * 43 + b"=", b"E=x", b"x"],
)
def test_scram_wrong_server_signature(mechanism: str, challenge: bytes) -> None:
    """A server that does not know the secret is found out: there is no answer to its end."""
    client, server = asking(mechanism), granting(mechanism)
    next(server)
    first = next(client)
    assert first is not None
    server_first = server.send(first)
    assert server_first is not None
    client.send(server_first)
    with pytest.raises(SaslError, match=r"final message|UTF-8") as refused:
        client.send(challenge)
    assert refused.value.sentence.isprintable()
    assert isinstance(refused.value, Impostor) is (challenge[:2] == b"v=")


@pytest.mark.parametrize("mechanism", SCRAM)
def test_scram_server_with_another_secret(mechanism: str) -> None:
    """The right form with a signature by another secret is refused all the same."""
    client, server = asking(mechanism), granting(mechanism)
    impostor = asking(mechanism, secret="guessed")
    next(server), next(impostor)
    first = next(client)
    assert first is not None
    server_first = server.send(first)
    assert server_first is not None
    final = client.send(server_first)
    assert final is not None
    assert impostor.send(server_first) != final
    signature = server.send(final)
    assert signature is not None
    with pytest.raises(Impostor, match="signature"):
        impostor.send(signature)
    assert client.send(signature) == b""


# ------------------------------------------------------------------------ hostile clients


@pytest.mark.parametrize(
    "response, sentence",
    [
        (b"", "something else"),
        (b"alice", "something else"),
        (b"alice\0correct horse", "something else"),
        (b"\0\0correct horse", "something else"),
        (b"\0alice\0correct horse\0", "something else"),
        (b"\0\xff\0correct horse", "UTF-8"),
        (b"root\0alice\0correct horse", "authzid"),
        (b"\0alice\0\xff", "no such user"),
        (b"\0alice\0", "no such user"),
    ],
)
def test_plain_refuses(response: bytes, sentence: str) -> None:
    """A malformed PLAIN message, and acting for another user, are refused without a quote."""
    server = granting("PLAIN")
    assert next(server) is None
    with pytest.raises(SaslError, match=sentence) as refused:
        server.send(response)
    assert "correct horse" not in refused.value.sentence


def test_plain_authzid_that_says_nothing_new() -> None:
    """Some clients repeat the user as authzid; that asks for nothing more."""
    server = granting("PLAIN")
    next(server)
    assert finished(server, b"alice\0alice\0correct horse") == "alice"


def test_login_refuses_a_user_that_is_no_text() -> None:
    """The user must be UTF-8, for it is looked up as text."""
    server = granting("LOGIN")
    next(server)
    with pytest.raises(SaslError, match="the user in UTF-8"):
        server.send(b"\xff")


@pytest.mark.parametrize(
    "response",
    [b"", b"alice", b"alice ", b"alice " + b"g" * 32, b"alice " + b"A" * 32, b"\xff " + b"a" * 32],
)
def test_cram_md5_refuses(response: bytes) -> None:
    """User, blank, 32 lower-case hexadecimal digits; nothing else."""
    server = granting("CRAM-MD5")
    next(server)
    with pytest.raises(SaslError, match="expected"):
        server.send(response)


@pytest.mark.parametrize("mechanism", SCRAM)
@pytest.mark.parametrize(
    "response",
    [
        b"",
        b"\xff",
        b"n,,",
        b"n,,n=alice",
        b"n,,r=x",
        b"n,,n=al=ice,r=x",
        b"n,,n=alice,r=",
        b"n,,n=\x01,r=x",
        b"n,a=root,n=alice,r=x",
        b"p=tls-unique,,n=alice,r=x",
        b"p=nonsense,,n=alice,r=x",
        b"x,,n=alice,r=x",
    ],
)
def test_scram_malformed_client_first(mechanism: str, response: bytes) -> None:
    """No wrong first message of a client gets a salt."""
    server = granting(mechanism)
    assert next(server) is None
    with pytest.raises(SaslError, match=r"first message|UTF-8") as refused:
        server.send(response)
    assert refused.value.sentence.isprintable()


@pytest.mark.parametrize("mechanism", SCRAM)
@pytest.mark.parametrize("user", ["alice", "nobody"])
@pytest.mark.parametrize(
    "response",
    [
        b"",
        b"\xff",
        b"c=biws,r=client@nonceserver@nonce",
        b"c=biws,r=client@nonceserver@nonce,p=AAAA",
        b"c=biws,r=client@nonceserver@nonce,p=*",
        b"c=biws,r=other,p=AAAA",
        b"c=eSws,r=client@nonceserver@nonce,p=AAAA",
        b"c=*,r=client@nonceserver@nonce,p=AAAA",
    ],
)
def test_scram_malformed_client_final(mechanism: str, user: str, response: bytes) -> None:
    """No wrong final message of a client gets the server's signature."""
    server = granting(mechanism)
    next(server)
    server.send(f"n,,n={user},r=client@nonce".encode())
    with pytest.raises(SaslError, match=r"final message|UTF-8"):
        server.send(response)


def test_scram_zero_key_is_no_way_in() -> None:
    """The key that stands in for an unknown user does not open to a proof made from it."""
    server = granting("SCRAM-SHA-1")
    next(server)
    server.send(b"n,,n=nobody,r=client@nonce")
    proof = base64.b64encode(hashlib.sha1(bytes(20)).digest())
    with pytest.raises(SaslError, match="invalid-proof"):
        server.send(b"c=biws,r=client@nonceserver@nonce,p=" + proof)


def test_scram_ends_by_an_empty_response() -> None:
    """After its signature the server wants an empty line, and takes no other."""
    client, server = asking("SCRAM-SHA-256"), granting("SCRAM-SHA-256")
    next(server)
    first = next(client)
    assert first is not None
    server_first = server.send(first)
    assert server_first is not None
    final = client.send(server_first)
    assert final is not None
    server.send(final)
    with pytest.raises(SaslError, match="empty response"):
        server.send(b"c=biws")


def test_scram_without_channel_binding_on_either_side() -> None:
    """A client that could bind channels (`y,,`) is served as one that could not (`n,,`)."""
    server = granting("SCRAM-SHA-256")
    next(server)
    challenge = server.send(b"y,,n=alice,r=client@nonce")
    assert challenge is not None
    assert challenge.startswith(b"r=client@nonceserver@nonce,s=")


# ----------------------------------------------------------------------------- any octets

# Octets that come near a real message, so that more than the first test is reached.
PIECES = st.sampled_from(
    [
        b"r=client@nonce", b"server@nonce", b"s=dHdlbHZlIG9jdGV0cw==", b"i=4096", b"i=9999", b",",
        b"v=AAAA", b"e=other-error", b"n,,", b"y,,", b"p=", b"c=biws", b"n=alice", b"n=", b"=2C",
        b"\0", b"alice", b" ", b"0" * 32, b"<a@b>", b"<", b">", b"@", b"\xff", b"\xc3\xa9", b"m=",
    ]
)  # fmt: skip
OCTETS = st.binary(max_size=80) | st.lists(PIECES, max_size=9).map(b"".join)


@given(st.sampled_from(PASSWORDS), st.lists(OCTETS, max_size=4))
def test_client_meets_any_octets(mechanism: str, challenges: list[bytes]) -> None:
    """Whatever a server says, a client answers, ends or raises SaslError."""
    client = asking(mechanism)
    next(client)
    try:
        for challenge in challenges:
            client.send(challenge)
    except SaslError as error:
        assert_fit_to_be_shown(error)
    except StopIteration:
        assert mechanism not in SCRAM, "a server proved itself by chance"


@given(st.sampled_from(PASSWORDS), st.lists(OCTETS, max_size=4))
def test_server_meets_any_octets(mechanism: str, responses: list[bytes]) -> None:
    """Whatever a client says, a server goes on or raises SaslError; nobody comes in by chance."""
    server = granting(mechanism)
    next(server)
    try:
        for response in responses:
            server.send(response)
    except SaslError as error:
        assert_fit_to_be_shown(error)


@given(st.sampled_from(SCRAM), OCTETS)
def test_scram_server_meets_any_final_octets(mechanism: str, response: bytes) -> None:
    """The second step, too, raises SaslError for whatever is no proof."""
    server = granting(mechanism)
    next(server)
    server.send(b"n,,n=alice,r=client@nonce")
    with pytest.raises(SaslError):
        server.send(response)


@given(st.sampled_from(SCRAM), OCTETS)
def test_scram_client_meets_any_final_octets(mechanism: str, challenge: bytes) -> None:
    """The second step, too, raises SaslError for whatever is no signature."""
    client = asking(mechanism)
    next(client)
    client.send(b"r=client@nonceX,s=dHdlbHZlIG9jdGV0cw==,i=4096")
    with pytest.raises(SaslError):
        client.send(challenge)


TEXT = st.text(st.characters(exclude_characters="\0\r\n", codec="utf-8"), max_size=20)


@given(st.sampled_from(["PLAIN", "LOGIN", "CRAM-MD5"]), TEXT.filter(bool), TEXT)
def test_any_user_and_secret(mechanism: str, user: str, secret: str) -> None:
    """Any text without NUL, CR, LF goes through; an observer learns what the mechanism shows."""
    server = sasl.server(mechanism, {user: secret}.get, nonce="a@b", salt=b"")
    name, _, responses = exchange(sasl.client(mechanism, user, secret, nonce=""), server)
    assert name == user
    shown = None if mechanism == "CRAM-MD5" else secret
    assert sasl.credentials_in(mechanism, responses) == (user, shown)


# ---------------------------------------------------------------------------------- base64


@given(st.binary())
def test_base64_round_trip(octets: bytes) -> None:
    """decode undoes encode; the initial forms differ for nothing alone, which is `=`."""
    assert sasl.decode(sasl.encode(octets)) == octets
    assert sasl.decode_initial(sasl.encode_initial(octets)) == octets
    assert sasl.encode_initial(octets) == (sasl.encode(octets) or b"=")


@pytest.mark.parametrize(
    "line",
    [b"=", b"==", b"*", b"YQ", b"YQ=", b"YQ===", b"YQ==YQ==", b"Y Q==", b"YQ==\r\n", b"Y=Q=",
     b"\xff\xff\xff\xff", b"YWxp-_==", b"go ahead"],
)  # fmt: skip
def test_base64_is_strict(line: bytes) -> None:
    """Nothing outside the alphabet, and the padding as it must be."""
    with pytest.raises(SaslError, match="base64"):
        sasl.decode(line)
    if line != b"=":
        with pytest.raises(SaslError, match="base64"):
            sasl.decode_initial(line)


@given(st.binary())
def test_base64_of_any_octets(line: bytes) -> None:
    """Any line is read or refused by SaslError."""
    try:
        sasl.decode(line)
    except SaslError as error:
        assert_fit_to_be_shown(error)


# ------------------------------------------------------------------------------------ APOP


@pytest.mark.parametrize(
    "greeting, timestamp",
    [
        (b"", None),
        (b"+OK ready", None),
        (b"+OK <ready> <a b@c> <1.2@h> <3.4@h>", b"<1.2@h>"),
        (b"+OK a<<1.2@h>>", b"<1.2@h>"),
        (b"+OK <1@2@h>", b"<1@2@h>"),
        (b"+OK <@h> <1@> <1.2@h", None),
        (b"+OK <1.2\xff@h>", None),  # octets that an MD5 collision would need
        (b"+OK <1.2@h\0>", None),
        (b"+OK " + b"<" * 30_000 + b"@" * 30_000, None),
    ],
)
def test_apop_timestamp(greeting: bytes, timestamp: bytes | None) -> None:
    """The first msg-id counts; other angle brackets before it do not."""
    assert sasl.apop_timestamp(greeting) == timestamp


def test_apop_digest_refuses_unsafe_secrets() -> None:
    """The rule for arguments holds here as well."""
    with pytest.raises(ValueError, match="NUL, CR or LF in the secret"):
        sasl.apop_digest(b"<1.2@h>", "a\nb")


# -------------------------------------------------------------------------------- observer


@pytest.mark.parametrize("mechanism", PASSWORDS)
@pytest.mark.parametrize("user", SECRETS)
def test_credentials_of_a_real_exchange(mechanism: str, user: str) -> None:
    """The observer names the user always, the secret only where it travels in clear."""
    responses = exchange(asking(mechanism, user, SECRETS[user]), granting(mechanism))[2]
    secret = SECRETS[user] if mechanism in ("PLAIN", "LOGIN") else None
    assert sasl.credentials_in(mechanism, responses) == (user, secret)


@pytest.mark.parametrize(
    "mechanism, messages, credentials",
    [
        ("PLAIN", [b"root\0alice\0x"], ("alice", "x")),
        ("PLAIN", [b"alice\0x"], (None, None)),
        ("PLAIN", [b""], (None, None)),
        ("PLAIN", [], (None, None)),
        ("PLAIN", [b"\0\xff\0x\xff"], (None, "x\udcff")),
        ("LOGIN", [], (None, None)),
        ("LOGIN", [b"alice"], ("alice", None)),
        ("LOGIN", [b"alice", b"x\xff"], ("alice", "x\udcff")),
        ("LOGIN", [b"\xff", b"x", b"y"], (None, "x")),
        ("CRAM-MD5", [b"alice b913"], (None, None)),
        ("CRAM-MD5", [b"a b b913a602c7eda7a495b4e6e7334d3890"], ("a b", None)),
        ("SCRAM-SHA-1", [b"n,,n=a=2Cb=3D2C,r=x"], ("a,b=2C", None)),
        ("SCRAM-SHA-1", [b"p=tls-exporter,a=root,n=a,r=x,z=1"], ("a", None)),
        ("SCRAM-SHA-1", [b"n,,n=a=b,r=x"], (None, None)),
        ("SCRAM-SHA-256", [b"c=biws,r=x,p=AAAA"], (None, None)),
        ("XOAUTH2", [b"user=alice\1auth=Bearer x\1\1"], ("alice", "x")),
        ("XOAUTH2", [b"user=alice\1auth=Basic x\1\1"], (None, None)),
        ("OAUTHBEARER", [b"n,a=a=2Cb,\1host=h\1auth=Bearer x==\1\1"], ("a,b", "x==")),
        ("OAUTHBEARER", [b"n,,\1auth=bearer x\1port=1\1\1", b"\1"], ("", "x")),
        ("EXTERNAL", [b"alice"], ("alice", None)),
        ("EXTERNAL", [b"a\0b"], (None, None)),
        ("ANONYMOUS", [b"trace"], ("trace", None)),
        ("SCRAM-SHA-512-PLUS", [b"p=tls-unique,,n=a,r=x"], ("a", None)),
        ("XYZZY", [b"alice"], (None, None)),
    ],
)
def test_credentials_in(
    mechanism: str, messages: Sequence[bytes], credentials: tuple[str | None, str | None]
) -> None:
    """Whole, partial and foreign messages; octets of a secret are never lost."""
    assert sasl.credentials_in(mechanism, messages) == credentials


@given(st.sampled_from((*sasl.MECHANISMS, "OTHER")), st.lists(OCTETS, max_size=3))
def test_credentials_in_any_octets(mechanism: str, messages: list[bytes]) -> None:
    """No octets raise; a user is always text that can be written."""
    user, _ = sasl.credentials_in(mechanism, messages)
    assert user is None or user.encode().decode() == user
