"""The name of a message in the queue, in the words of many servers."""

import pytest

from mailprobe.protocol.model import Reply
from mailprobe.protocol.queued import queue_id


@pytest.mark.parametrize(
    "text, name",
    [
        ("2.0.0 Ok: queued as 4bXyZ12345z9k", b"4bXyZ12345z9k"),
        ("OK id=1tAbCd-000000001kL-2xYz", b"1tAbCd-000000001kL-2xYz"),
        ("2.0.0 <a@example.test> 8GgrNQAAfm1bkwQAAAAAAA Saved", b"8GgrNQAAfm1bkwQAAAAAAA"),
        ("2.0.0 49C3aBcD012345 Message accepted for delivery", b"49C3aBcD012345"),
        ("2.0.0 0a1b2c3d Message accepted for delivery", b"0a1b2c3d"),
        ("ok 1699999999 qp 12345", b"qp 12345"),
        ("2.0.0 OK  1699999999 d2e1a72fcca58-6c4si.12 - gsmtp", b"d2e1a72fcca58-6c4si.12"),
        ("2.6.0 <x@y> [InternalId=23, Hostname=z] Queued mail for delivery", b"23"),
        ("Message Queued (6F9619FF-8B86-D011-B42D-00C04FC964FF.1)",
         b"6F9619FF-8B86-D011-B42D-00C04FC964FF.1"),
        ("Ok 0100018c1e5b6a3f-2c1d0f3e-000000", b"0100018c1e5b6a3f-2c1d0f3e-000000"),
        ("2.0.0 Message accepted, it stays here", None),
        ("x" * 1000 + " queued as 123456", None),
        ("2.0.0 Ok", None),
    ],
)  # fmt: skip
def test_names(text: str, name: bytes | None) -> None:
    """Each in its own words; and none where there is none."""
    assert queue_id(Reply.of("250", text)) == name


def test_who_refuses_names_nothing() -> None:
    """An id in a refusal is not that of a message in a queue."""
    assert queue_id(Reply.of("550", "5.7.1 id=1tAbCd-000000001kL-2xYz")) is None
