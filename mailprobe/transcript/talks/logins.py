"""Which user and which secret `{=sasl}` and `{=apop}` speak for, as the file says it."""

from mailprobe.transcript.model import Function, Name

USER = "user"
PASSWORD = "password"
TOKEN = "token"
# The secret of a mechanism that carries no password; EXTERNAL and ANONYMOUS need none.
_OTHERS = {"XOAUTH2": TOKEN, "OAUTHBEARER": TOKEN, "EXTERNAL": "", "ANONYMOUS": ""}


def user_of(function: Function) -> Name | str:
    """The user of a `{=sasl}`: a name that has to have a value, or the user himself."""
    user = function.arguments[0] if function.arguments else Name(USER)
    return user if isinstance(user, Name) else str(user)


def secret_of(mechanism: str, function: Function) -> str:
    """The name of the secret that a function speaks for, "" for none; APOP is no mechanism."""
    arguments = function.arguments[1:] if function.word == "sasl" else function.arguments
    names = [one.name for one in arguments if isinstance(one, Name)]
    if names:
        return names[-1]
    return _OTHERS.get(mechanism, PASSWORD)


def other_of(function: Function) -> str:
    """For whom the user of a `{=sasl}` acts (the authzid); "" for himself."""
    other = function.arguments[2:]
    return str(other[0]) if other else ""


def carries_other(mechanism: str) -> bool:
    """Whether the mechanism can say that."""
    from mailprobe.protocol.sasl import TABLE

    return mechanism not in TABLE or TABLE[mechanism].authzid


def speaks(mechanism: str) -> bool:
    """Whether `{=sasl}` knows the mechanism."""
    from mailprobe.protocol.sasl import MECHANISMS  # hashlib and hmac, where somebody logs in

    return mechanism in MECHANISMS
