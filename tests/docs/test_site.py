"""The manual as MkDocs builds it, where that is installed (.ci/run installs it, and asks here)."""

import os
import re
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
_FETCHED = re.compile(
    r"<(?:script|img|iframe|link)\b[^>]*(?:src|href)=\"?(?:https?:)?//|@import|url\([\"']?(?:https?:)?//"
)


def build(folder: Path) -> Path:
    """The site, built strictly: a link without its end, or a page that no menu has, is an error."""
    site = folder / "site"
    done = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(site)],
        cwd=ROOT,
        env={**os.environ, "NO_MKDOCS_2_WARNING": "1", "PYTHONPATH": str(ROOT)},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return site


if find_spec("mkdocs") is not None and find_spec("material") is not None:

    @pytest.mark.slow
    def test_the_site(tmp_path: Path) -> None:
        """Built strictly, it needs no network, says its languages, and colours transcripts."""
        site = build(tmp_path)
        pages = {
            path.relative_to(site).as_posix(): path.read_text("utf-8")
            for path in site.rglob("*.html")
        }
        texts = [*pages.values(), *(path.read_text("utf-8") for path in site.rglob("*.css"))]
        assert not [found[0] for text in texts if (found := _FETCHED.search(text))]
        for name, page in pages.items():
            assert ('<html lang="zh"' in page) == name.startswith("zh/"), name
        verb = pages["reference/smtp/rcpt/index.html"]
        assert "RCPT TO:&lt;forward-path&gt; [parameters]" in re.sub(r"</?span[^>]*>", "", verb)
        assert re.search(r'language-mpt-lines.*?<span class="m', verb, re.DOTALL)
        assert re.search(
            r"language-mpt .*?<span class=\"m", pages["guides/tls/index.html"], re.DOTALL
        )
        sources = {path.name for path in site.rglob("*") if path.suffix in (".py", ".1", ".md")}
        assert not sources
