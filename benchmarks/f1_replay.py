"""F1: `mailprobe replay` of one short transcript against swaks with the same session.

Whole processes, from start to end.
"""

from functools import partial

from measure import Command, Figure, compare, compile_peer, folder, process, server, show
from replays import SHORT, replay

_PAIRS = 41  # they are short


def measure() -> list[Figure]:
    with folder() as place, server([compile_peer(place), "smtp"]) as port:
        path = place / "short.mpt"
        path.write_text(SHORT)
        figure = compare(
            "F1",
            "replay of one short transcript",
            partial(process, replay(port, path)),
            "swaks",
            partial(process, swaks(port)),
            limit=1.1,
            pairs=_PAIRS,
        )
        return [figure]


def swaks(port: str) -> Command:
    """The same session as `SHORT`."""
    sender, recipient, name = "me@client.example", "bob@example.test", "client.example"
    session = ["--helo", name, "--from", sender, "--to", recipient]
    message = ["--header", "Subject: short", "--body", "A short mail."]
    return ["swaks", "--silent", "3", "--server", "127.0.0.1", "--port", port, *session, *message]


if __name__ == "__main__":
    show(measure)
