"""The table of faults is whole: names, languages, transcripts, and every trap of the field."""

import re
from pathlib import Path

import pytest

from mailprobe.sandbox.faults.certificates import CERTIFICATES
from mailprobe.sandbox.faults.listing import listing
from mailprobe.sandbox.faults.model import ALL, FaultSpec
from mailprobe.sandbox.faults.table import FAULTS, GROUPS
from mailprobe.transcript.load import load
from tests.sandbox.faults.traps import TRAPS, Trap

_FOLDER = Path(__file__).parents[3] / "transcripts"
_CHINESE = re.compile("[\u4e00-\u9fff]")
# What the contract of the sandbox names.
_PROMISED = (
    "split-reply idle-421 inject mixed-codes tarpit lmtp-partial greylist drop-in-data "
    "starttls-strip slow bad-cert wrong-count"
)


def test_each_name_stands_once() -> None:
    """A name that two rows have would hide one of them."""
    assert len(FAULTS) == sum(len(rows) for _, _, rows in GROUPS)
    assert set(_PROMISED.split()) <= FAULTS.keys()
    assert all(re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", name) for name in FAULTS)


@pytest.mark.parametrize("row", FAULTS.values(), ids=list(FAULTS))
def test_a_row_is_whole(row: FaultSpec) -> None:
    """Both languages, somewhere to strike, something that it does."""
    assert _CHINESE.search(row.chinese)
    assert row.summary.isascii()
    assert not row.summary.endswith(".")
    assert row.protocols
    assert set(row.protocols) <= set(ALL)
    assert row.certificate in ("", *CERTIFICATES)
    acts = [act for act in row.acts if act.says or act.instead]
    assert acts or row.certificate


@pytest.mark.parametrize("name", FAULTS)
def test_it_has_a_transcript(name: str) -> None:
    """Named like the fault, in both languages, and played in a sandbox that has it."""
    head = load(_FOLDER / "faults" / f"{name}.mpt", name).head
    assert set(head.titles) == {"en", "zh"}
    for peer in head.peers.values():
        assert re.fullmatch(rf"sandbox\+{name}(:[0-9]+m?s)?(@[0-9])?", peer.connect)
        assert peer.protocol in FAULTS[name].protocols


def test_no_transcript_without_a_fault() -> None:
    """One whose fault has another name now would be forgotten."""
    assert {path.stem for path in (_FOLDER / "faults").iterdir()} == FAULTS.keys()


@pytest.mark.parametrize("trap", TRAPS, ids=[trap.what for trap in TRAPS])
def test_each_trap_is_set_or_is_nobodys(trap: Trap) -> None:
    """By faults that there are, by transcripts that there are, or for a reason by no server."""
    assert set(trap.faults.split()) <= FAULTS.keys()
    assert all((_FOLDER / f"{name}.mpt").is_file() for name in trap.shown.split())
    assert bool(trap.whose) is not bool(trap.faults or trap.shown)


def test_each_fault_is_a_trap() -> None:
    """A fault that is no trap of the field has no business here."""
    assert {name for trap in TRAPS for name in trap.faults.split()} == FAULTS.keys()


def test_the_list_names_them_all() -> None:
    """Each with what it does in both languages, in lines that a terminal has room for."""
    text = listing()
    for row in FAULTS.values():
        assert f"\n  {row.name} " in text
        assert row.summary in text
        assert row.chinese in text
    assert all(len(line) <= 100 for line in text.splitlines())
