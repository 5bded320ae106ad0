"""The octets of a body that is read again, while more of it may still come."""

from mailprobe.shell.reading.fetched import beginning_of, blocks_of
from mailprobe.spool import Spool


def test_a_body_that_grows_meanwhile() -> None:
    """What was there at the beginning is given, and what comes is written behind it all."""
    with Spool(4) as body:
        body.write(b"a" * 600_000)
        seen = []
        for block in blocks_of(body):
            seen.append(block)
            body.write(b"b")
        assert b"".join(seen) == b"a" * 600_000
        assert beginning_of(body, 3) == (b"aaa", 600_000 + len(seen))
        body.write(b"c")
        assert b"".join(blocks_of(body)) == b"a" * 600_000 + b"b" * len(seen) + b"c"


def test_a_body_that_became_shorter() -> None:
    """Nobody waits for octets that are not there."""
    with Spool(4) as body:
        body.write(b"a" * 600_000)
        blocks = blocks_of(body)
        first = next(blocks)
        body.truncate(len(first))
        assert list(blocks) == []
