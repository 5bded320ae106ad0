"""What a program may write with the types of mailprobe.

Nobody runs it: `.ci/run` has mypy read it.
"""

from pathlib import Path

import mailprobe


def observe(event: mailprobe.Event) -> None:
    if isinstance(event, mailprobe.events.ReplyReceived):
        code: str = event.reply.code
        print(code)


def talk(path: Path) -> list[str]:
    """Every argument and every result, with the types that they have."""
    found: list[str] = []
    with mailprobe.connect(
        "submission://mail.example.net",
        starttls=True,
        ca=path,
        timeout=5,
        limits=mailprobe.Limits(line=1000),
        record=path / "x.mpt",
        observers=[observe],
        settings=mailprobe.Settings(tls=mailprobe.TlsSettings(verify=False)),
    ) as session:
        hello: mailprobe.Exchange = session.command("EHLO client.example")
        reply: mailprobe.Reply = hello.reply
        texts: tuple[bytes, ...] = reply.texts
        found += [text.decode() for text in texts]
        exchanges: list[mailprobe.Exchange] = session.pipeline(["NOOP", b"RSET"])
        for source in ("text", b"octets", path, [b"pieces"]):
            session.data(source)
        with path.open("rb") as file:
            session.data(file, ends=None, stuffing=False)
        session.chunk(b"octets", last=True)
        session.login("PLAIN", "alice", "secret", authzid="bob")
        version: str = session.start_tls().version
        unasked: list[mailprobe.Reply] = session.listen(0.5)
        state: mailprobe.State = session.state
        body: bytes = session.quit().read_body()
        print(exchanges, version, unasked, state, body)
    return found


def look(path: Path) -> mailprobe.ExitStatus:
    """Failures have words, transcripts have results."""
    try:
        with mailprobe.start_sandbox() as box, mailprobe.connect(box.url("pop3")) as session:
            print(session.capabilities.get("UIDL"), session.greeting and session.greeting.code)
    except mailprobe.Failure as failure:
        word: mailprobe.Word = failure.word
        return word.status
    results: list[mailprobe.Result] = mailprobe.replay(path, secrets={"password": "secret"})
    with mailprobe.serve(path) as server:
        port: int = server.ports[1]
    print(results, port, mailprobe.__version__)
    return mailprobe.ExitStatus.OK
