"""The one table of faults.

What is said is changed before its framing, so content stands before the wire.
"""

from collections.abc import Mapping

from mailprobe.sandbox.faults import login, maildrop, replies, text, tls, transaction, wire
from mailprobe.sandbox.faults.model import FaultSpec
from mailprobe.value import replace

# By the words of a person: what each group is about, and its rows.
GROUPS: tuple[tuple[str, str, tuple[FaultSpec, ...]], ...] = (
    ("mail transactions", "邮件传输", transaction.ROWS),
    ("logins", "登录", login.ROWS),
    ("maildrops", "邮箱", maildrop.ROWS),
    ("greetings and replies", "问候与应答", replies.ROWS),
    ("TLS", "TLS", tls.ROWS),
    ("wording", "措辞", text.ROWS),
    ("the wire", "线路", wire.ROWS),
)
_ROWS = (row for _, _, rows in GROUPS for row in rows)
FAULTS: Mapping[str, FaultSpec] = {
    row.name: replace(row, rank=rank) for rank, row in enumerate(_ROWS)
}
