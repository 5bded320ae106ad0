"""The example of docs/configuration.md is one that the program takes."""

import re
from pathlib import Path

from mailprobe.shell.config import Profile, config_path, read_config

PAGE = Path(__file__).parents[1] / "docs" / "configuration.md"


def test_example_is_taken(tmp_path: Path) -> None:
    """All that it shows, and every key of a profile that there is but `tls`."""
    env = {"XDG_CONFIG_HOME": str(tmp_path)}
    path = Path(config_path(env) or "")
    path.parent.mkdir()
    example = re.findall(r"```toml\n(.*?)```", PAGE.read_text(), re.DOTALL)
    assert len(example) == 1
    path.write_text(example[0])
    path.chmod(0o600)
    config = read_config(env)
    assert {"timeout", "ehlo", "color", "keys"} <= config.defaults.keys()
    said = config.profile("work")
    unsaid = Profile("work")
    names = (
        *("target", "protocol", "starttls", "ca", "cert", "tls_min", "sni"),
        *("ehlo", "user", "password_file", "timeout", "way"),
    )
    assert all(getattr(said, name) != getattr(unsaid, name) for name in names)
