"""Whether somebody wants colours; nothing of what they are."""

from collections.abc import Mapping


def wants_color(
    option: str,
    env: Mapping[str, str],
    isatty: bool,  # noqa: FBT001 - what it is stands in its name
) -> bool:
    """Whether to colour what goes to a stream; `option` is `auto`, `always` or `never`.

    NO_COLOR wins over FORCE_COLOR (no-color.org: set, and not empty).
    """
    if option != "auto":
        return option == "always"
    if env.get("NO_COLOR"):
        return False
    if env.get("FORCE_COLOR"):
        return True
    return isatty and env.get("TERM", "dumb") not in ("", "dumb", "unknown")
