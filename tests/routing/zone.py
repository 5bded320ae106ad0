"""DNS that stands in a dictionary: what the parts of a route ask, without a name server."""

from collections.abc import Iterator, Mapping, Sequence

from mailprobe.answers import Answer, Record, Said
from mailprobe.routing.model import Ask, Part

# A record or several, or a kind of answer that has none.
Rows = Mapping[str, Record | Sequence[Record] | Said]


def dns(rows: Rows, *, validated: bool = False) -> Ask:
    """Ask of `{"TYPE name": records}`; a name of which nothing is known does not exist."""
    names = {key.partition(" ")[2] for key in rows}

    def ask(name: str, record_type: str) -> Answer:
        found = rows.get(f"{record_type} {name}")
        if isinstance(found, Said):
            return Answer(0, 0, name, record_type, found, text=f"{found} of the test")
        if found is None:
            said = Said.NO_DATA if name in names else Said.NXDOMAIN
            return Answer(0, 0, name, record_type, said)
        records = tuple(found) if isinstance(found, list) else (found,)
        return Answer(0, 0, name, record_type, Said.RECORDS, records, validated=validated)

    return ask


def texts(*parts: Part) -> str:
    """All sentences, a line each, with their levels."""
    return "\n".join(f"{one.level}: {one.text}" for part in parts for one in part.all())


def faults(*parts: Part) -> Iterator[str]:
    """The sentences that are faults."""
    return (one.text for part in parts for one in part.all() if one.level == "fault")
