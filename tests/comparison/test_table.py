"""README's comparison says what is proved: every cell of it, ours and theirs."""

import ast
import functools
import subprocess
import sys
from pathlib import Path

import pytest

from mailprobe import connect
from mailprobe.protocol import sasl
from mailprobe.protocol.model import Command
from mailprobe.protocol.smtp import SMTP
from tests.comparison import tools
from tests.comparison.table import COLUMNS, ROWS, markdown

ROOT = Path(__file__).parents[2]
PROOFS = sorted({proof for row in ROWS for cell in row.cells for proof in cell.proofs})


def test_readme_has_this_table() -> None:
    """Word for word; `python -m tests.comparison.table` prints it."""
    assert markdown() in (ROOT / "README.md").read_text("utf-8")


def test_every_cell_is_proved() -> None:
    """A row has a cell for each tool, and a cell has a proof."""
    assert len(ROWS) > 20
    for row in ROWS:
        assert len(row.cells) == len(COLUMNS), row.what
        assert all(cell.text and cell.proofs for cell in row.cells), row.what


@functools.cache
def functions(path: str) -> set[str]:
    tree = ast.parse((ROOT / path).read_text("utf-8"))
    return {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}


@pytest.mark.parametrize("proof", PROOFS)
def test_every_proof_is_there(proof: str) -> None:
    """A transcript that is played, or a test that the file has."""
    path, _, name = proof.partition("::")
    if not name:
        assert (ROOT / path).suffix == ".mpt"
        assert (ROOT / path).is_file()
        return
    assert name.partition("[")[0] in functions(path)


@pytest.mark.slow
def test_every_proof_is_collected() -> None:
    """pytest knows each of them, with its parameter, and would run it."""
    tests = [proof for proof in PROOFS if "::" in proof]
    files = sorted({proof.partition("::")[0] for proof in tests})
    ran = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "--collect-only", "-n", "0", "-m", "", *files],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    found = set(ran.stdout.split("\n"))
    found |= {line.partition("[")[0] for line in found}
    assert [proof for proof in tests if proof not in found] == []


def test_ntlm_and_kerberos_are_explained() -> None:
    """Neither is a mechanism that is spoken; a challenge of theirs is told about."""
    for name in ("NTLM", "GSSAPI"):
        assert name not in sasl.MECHANISMS
        assert "composed" in sasl.explain(name, 0, b"").how[0]


def test_replies_of_prdr_are_not_matched() -> None:
    """The parameter is offered; that each recipient has a reply then is not known."""
    assert "PRDR" in {one.name for one in SMTP.row(Command(b"MAIL")).parameters}
    answers = b"353 content analysis has started\r\n250 2.1.5 taken\r\n250 2.0.0 taken\r\n"
    with tools.serving({b".": answers}) as server:
        with connect(f"smtp://127.0.0.1:{server.port}") as session:
            session.pipeline(["EHLO me.test", "MAIL FROM:<> PRDR", "RCPT TO:<bob@example.test>"])
            session.data("Subject: hi\n\nhi\n")
            session.listen(30)
            assert len(session.unsolicited) > 0
            session.drop()
