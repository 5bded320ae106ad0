"""How a person wants to type, and what is kept for the next local command."""

from mailprobe.value import mutable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from mailprobe.routing.route import Route


@mutable
class Preferences:
    """Changed by keys and by local commands while the shell runs."""

    private: bool = False  # nothing that is typed is remembered, no address is learnt
    reveal: bool = False  # secrets are shown while they are typed
    vi: bool = False  # the keys of vi, not those of emacs
    menu: bool = False  # the menu opens for every line, not for local commands alone
    fold: int | None = None  # rows of one answer; None: as many as fit, 0: all of them
    language: str | None = None  # of explanations; None: that of the locale
    explains: bool = False  # each reply is explained below it
    route: "Route | None" = None  # the last one that /route has found
