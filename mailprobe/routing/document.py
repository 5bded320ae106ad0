"""Steps and parts as plain dictionaries, for JSON: what DNS said has been through `safe()`."""

from mailprobe.answers import Answer, Association, Exchange, Record, Service
from mailprobe.routing.model import Level, Part, Step
from mailprobe.routing.route import Route
from mailprobe.safe import safe

_DIGITS = 6  # of seconds


def step(one: Step) -> dict[str, object]:
    """One question, or the page that was fetched."""
    times = {"at": round(one.at, _DIGITS), "took": round(one.took, _DIGITS)}
    if isinstance(one, Answer):
        return {
            "step": "dns",
            **times,
            "name": safe(one.name),
            "type": one.record_type,
            "said": str(one.said),
            "records": [_record(record) for record in one.records],
            "alias": safe(one.alias),
            "validated": one.validated,
            "server": safe(one.server),
            "text": one.text,
        }
    return {
        "step": "https",
        **times,
        "url": safe(one.url),
        "said": one.said,
        "status": one.status,
        "kind": safe(one.kind),
        "octets": len(one.body),
        "text": one.text,
    }


def _record(record: Record) -> object:
    match record:
        case Exchange():
            return {"preference": record.preference, "host": safe(record.host)}
        case Service():
            return {
                "priority": record.priority,
                "weight": record.weight,
                "port": record.port,
                "target": safe(record.target),
            }
        case Association():
            return {
                "usage": record.usage,
                "selector": record.selector,
                "matching": record.matching,
                "data": record.data.hex(),
            }
        case _:
            return safe(record)


def part(one: Part) -> dict[str, object]:
    """A part of the tree: its facts, and all its sentences."""
    return {"step": "part", "name": one.name, "facts": dict(one.facts), **_tree(one)}


def _tree(one: Part) -> dict[str, object]:
    return {
        "level": str(one.level),
        "text": one.text,
        "reference": one.reference,
        "below": [_tree(below) for below in one.below],
    }


def route(one: Route) -> dict[str, object]:
    """The last object: where the mail goes."""
    return {
        "step": "route",
        "domain": one.domain,
        "outcome": str(one.hop.outcome),
        "hosts": [host.name for host in one.hop.usable],
        "sentence": one.hop.sentence,
        "faults": one.count(Level.FAULT),
        "doubts": one.count(Level.DOUBT),
        "seconds": round(one.seconds, _DIGITS),
    }
