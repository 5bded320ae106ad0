"""The editor of a person's choice, on a file that only he can read and that is gone afterwards."""

import shlex
import shutil
import tempfile
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from pathlib import Path

from mailprobe.errors import Failure, Word
from mailprobe.files import PrivateFile, SourceFile
from mailprobe.programs import run_program
from mailprobe.safe import safe

_LARGEST = 64 * 1024 * 1024  # octets; what is larger is no text of an editor


def edited(
    octets: bytes, env: Mapping[str, str], lend: Callable[[], AbstractContextManager[None]]
) -> bytes:
    """What becomes of `octets` in the editor; `lend` gives it the terminal.

    Raises Failure `usage` where there is no editor, or it ends with an error.
    """
    words = editor_words(env)
    folder = tempfile.mkdtemp(prefix="mailprobe-")
    try:
        path = Path(folder, "message.eml")
        file = PrivateFile(path)
        file.append(octets)
        file.close(durable=False)
        with lend():
            status = run_program([*words, str(path)])
        if status:
            name = safe(words[0])
            raise Failure(Word.USAGE, f"nothing was sent: {name} ended with status {status}")
        with SourceFile(path) as source:
            if source.size > _LARGEST:
                raise Failure(Word.USAGE, "nothing was sent: the text is too large; /body FILE")
            return b"".join(source.blocks())
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def editor_words(env: Mapping[str, str]) -> list[str]:
    """$VISUAL, $EDITOR, or what is there.  Raises Failure `usage`."""
    wish = env.get("VISUAL") or env.get("EDITOR") or ""
    try:
        words = shlex.split(wish)
    except ValueError:
        raise Failure(Word.USAGE, f"$VISUAL or $EDITOR cannot be read: {safe(wish)}") from None
    if words:
        return words
    for name in ("sensible-editor", "nano", "vi"):
        if found := shutil.which(name, path=env.get("PATH")):
            return [found]
    raise Failure(Word.USAGE, "there is no editor: set VISUAL or EDITOR to one")
