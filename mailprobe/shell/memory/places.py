"""Where the shell keeps what it remembers."""

from collections.abc import Mapping


def state_folder(env: Mapping[str, str]) -> str | None:
    """The folder of histories and addresses; None when nobody says where home is."""
    state, home = env.get("XDG_STATE_HOME", ""), env.get("HOME", "")
    if state.startswith("/"):  # the XDG specification: a relative path is to be ignored
        return f"{state}/mailprobe"
    return f"{home}/.local/state/mailprobe" if home else None
