"""From lines to steps: what is one write, which lines are one reply, and what it answers."""

import pytest

from mailprobe.transcript.dialogue import compile_steps
from mailprobe.transcript.model import Form, Transcript, Unreadable, Wire
from mailprobe.transcript.parse import parse
from mailprobe.transcript.steps import (
    Check,
    Choice,
    Context,
    ExpectedLine,
    Handshake,
    Happens,
    RawLine,
    Repeat,
    Reply,
    Section,
    Sort,
    Step,
    Write,
    connection_of,
)
from mailprobe.transcript.talks import names

GREETED = "S: 220 mx\n"


def read(lines: str, protocol: str = "smtp", headers: str = "") -> Transcript:
    return parse(f"mailprobe: 1\nprotocol: {protocol}\n{headers}\n{lines}".encode(), "t.mpt")


def steps(lines: str, protocol: str = "smtp", headers: str = "") -> tuple[Step, ...]:
    return compile_steps(read(lines, protocol, headers))


def replies(found: tuple[Step, ...]) -> list[Reply]:
    return [step for step in found if isinstance(step, Reply)]


def writes(found: tuple[Step, ...]) -> list[Write]:
    return [step for step in found if isinstance(step, Write)]


def written(write: Write) -> list[str]:
    return [line.text for line in write.lines]


def status(reply: Reply) -> list[bytes]:
    return [
        b"".join(piece for piece in line.pieces if isinstance(piece, bytes))
        for line in reply.expected.status
    ]


def body(reply: Reply) -> list[bytes]:
    assert reply.expected.body is not None
    return [
        b"".join(piece for piece in line.pieces if isinstance(piece, bytes))
        for line in reply.expected.body
        if isinstance(line, ExpectedLine)
    ]


def fault(lines: str, protocol: str = "smtp", headers: str = "") -> str:
    with pytest.raises(Unreadable) as caught:
        steps(lines, protocol, headers)
    return str(caught.value)


def test_consecutive_c_lines_are_one_write() -> None:
    """Blanks, comments and lesson text do not part them; S lines, events and steps do."""
    found = steps("C: A\n\n# no\n| no\nC: B\n== yes\nC: C\nC@ pause 1s\nC: D\n")
    assert [written(write) for write in writes(found)] == [
        ["C: A", "C: B"],
        ["C: C"],
        ["C: D"],
    ]
    assert [type(step) for step in found] == [Write, Section, Write, Happens, Write]


def test_two_connections_do_not_share_a_write() -> None:
    """Each connection has its own stream, greeting and replies."""
    found = steps(
        GREETED + "S2: +OK\nC: NOOP\nC2: NOOP\nC: HELP\nS2: +OK\nS: 250 a\nS: 214 b\n",
        headers="protocol 2: pop3\n",
    )
    assert [written(write) for write in writes(found)] == [["C: NOOP"], ["C2: NOOP"], ["C: HELP"]]
    assert [reply.connection for reply in replies(found)] == [1, 2, 2, 1, 1]


def test_a_reply_is_cut_as_on_the_wire() -> None:
    """A hyphen behind the code goes on; pieces of S= are joined, and cut where a line ends."""
    found = replies(steps("S= 220-a\nS= b\\r\\n220 c\\r\\n421 d\\n\n"))
    assert [status(reply) for reply in found] == [[b"220-ab", b"220 c"], [b"421 d"]]
    assert [reply.context.greeting for reply in found] == [True, False]
    assert found[1].context.unsolicited
    assert [line.end for line in found[1].expected.status if isinstance(line, ExpectedLine)] == [
        b"\n"
    ]


def test_a_body_has_its_dots_undone_and_its_end_taken_off() -> None:
    """What stands between the status line and the lone dot is the body, as content."""
    found = replies(steps("S: +OK\nC: RETR 1\nS: +OK\nS: ..a\nS~ .{x=y}\nS:\nS: .\n", "pop3"))
    assert found[1].context.multi
    assert body(found[1]) == [b".a", b"", b""]
    assert [line.text for line in found[1].expected.lines][-1] == "S: ."


def test_a_file_may_hold_the_body() -> None:
    """S> stands in a multi-line response alone."""
    found = replies(steps("S: +OK\nC: RETR 1\nS: +OK\nS> raw a.body\nS: .\n", "pop3"))
    assert found[1].expected.body is not None
    assert [line.text for line in found[1].expected.lines] == ["S: +OK", "S> raw a.body", "S: ."]
    assert "none is open here" in fault("S: +OK\nS> a.body\n", "pop3")


def test_replies_know_what_they_answer() -> None:
    """In order, by count: the hello, the recipients of LMTP, the data, what nobody asked for."""
    found = replies(
        steps(
            "S: 220 x\nC: LHLO a\nS? 250\nC: MAIL FROM:<>\nC: RCPT TO:<a@b>\nC: RCPT TO:<c@d>\n"
            "C: DATA\nS: 250 x\nS: 250 x\nS: 250 x\nS: 354 x\nC: .\nS: 250 x\nS: 452 x\nS: 421 x\n",
            "lmtp",
        )
    )
    contexts = [reply.context for reply in found]
    assert contexts[1].hello
    assert not contexts[2].hello
    assert [context.unit for context in contexts] == [None, 0, 1, 2, 3, 4, 5, 5, None]
    assert [context.recipient for context in contexts[6:]] == [b"a@b", b"c@d", None]
    assert [context.data for context in contexts] == [False] * 6 + [True, True, False]
    assert contexts[8].unsolicited


def test_units_are_commands_answers_and_messages() -> None:
    """However the octets are cut into lines of the file."""
    found = writes(
        steps(
            GREETED + "C= NO\nC= OP\\r\\nHELP\\r\\n\nS: 250 a\nS: 214 b\nC: AUTH LOGIN\nS: 334 x\n"
            "C~ {=sasl}\nS: 235 x\nC: BDAT 4\nC: ab\nC: BDAT 0 LAST\nS: 250 x\nS: 250 x\n"
        )
    )
    units = [(unit.sort, unit.pieces) for write in found for unit in write.units]
    assert units[:3] == [
        (Sort.COMMAND, (b"NOOP",)),
        (Sort.COMMAND, (b"HELP",)),
        (Sort.COMMAND, (b"AUTH LOGIN",)),
    ]
    assert [sort for sort, _ in units[3:]] == [Sort.ANSWER, Sort.COMMAND, Sort.DATA, Sort.COMMAND]
    assert units[5][1] is None
    assert [unit.number for write in found for unit in write.units] == list(range(7))


def test_mail_data_is_one_unit_with_its_lines() -> None:
    """A file among them, too; the end of mail data ends it."""
    found = writes(
        steps(GREETED + "C: DATA\nS: 354 go\nC: a\nC< a.eml\nC: .\nC: NOOP\nS: 250 x\nS: 250 x\n")
    )
    data, noop = found[1].units
    assert [line.text for line in data.lines] == ["C: a", "C< a.eml", "C: ."]
    assert noop.pieces == (b"NOOP",)


def test_a_file_fills_a_chunk() -> None:
    """C< raw behind BDAT is what the count says."""
    found = writes(steps(GREETED + "C: BDAT 100000\nC< raw a\nC: NOOP\nS: 250 x\nS: 250 x\n"))
    assert [unit.sort for unit in found[0].units] == [Sort.COMMAND, Sort.DATA, Sort.COMMAND]


@pytest.mark.parametrize(
    "lines, wanted",
    [
        ("C~ PASS {password}\n", [{1}]),
        ("C~ USER {user}\n", [set()]),
        ("C~ APOP {user} {=apop}\n", [{3}]),
        ("C~ AUTH PLAIN {=sasl}\n", [{1}]),
        ("C= PA\nC= SS {a}{b}\\r\\n\n", [set(), {1, 2}]),
    ],
)
def test_secret_places(lines: str, wanted: list[set[int]]) -> None:
    """Where a name without a value is a secret, and where it is a mistake."""
    lines = lines.replace("{a}{b}", "{a}-{b}")
    found = writes(steps("S: +OK\n" + lines, "pop3"))[0]
    marked = [
        {index for index in row if not isinstance((*line.pieces, b"")[index], bytes)}
        for line, row in zip(found.lines, found.secret, strict=True)
        if isinstance(line, Wire)
    ]
    names_only = [{index if index < 2 else 3 for index in row} for row in marked]
    assert [bool(row) for row in names_only] == [bool(row) for row in wanted]


def test_an_answer_to_a_challenge_is_secret_as_a_whole() -> None:
    """But not what gives nothing away."""
    found = writes(steps(GREETED + "C: AUTH LOGIN\nS: 334 x\nC~ a{b}\nS: 334 x\nC: *\nS: 501 x\n"))
    assert found[1].secret[0] >= {0, 1}
    assert found[2].secret == (frozenset(),)


def test_a_question_is_one_whole_reply() -> None:
    """Its class stands for a reply that lets the dialogue go on; conditions follow it."""
    found = steps(
        "S? 2xx\nC: EHLO a\nS? 250|xxx\nS+ SIZE\nS- AUTH\nC: DATA\nS? 3xx\nC: .\nS? xxx\n"
        "C: AUTH PLAIN\nS? 3xx\nC~ {=sasl}\nS? 5xx\nS? 421\nS@ close\n"
    )
    answers = replies(found)
    assert [reply.expected.status for reply in answers] == [()] * 7
    assert [len(reply.expected.conditions) for reply in answers] == [0, 2, 0, 0, 0, 0, 0]
    assert answers[3].context.data
    assert writes(found)[4].units[0].sort is Sort.ANSWER
    assert answers[-1].context.unsolicited


@pytest.mark.parametrize("wanted", ["1xx", "0xx", "9x9", "600", "+OK"])
def test_a_question_that_no_reply_can_answer(wanted: str) -> None:
    """A reply code lies between 200 and 599."""
    assert f"no reply here can be {wanted}: expected 200 to 599" in fault(f"S? {wanted}\n")


def test_a_question_about_what_nobody_asked_for() -> None:
    """A class does for it, as a code does."""
    assert replies(steps("S? 2xx\nS? 4xx\n"))[1].context.unsolicited


def test_a_question_takes_a_multi_line_response_whole() -> None:
    """Nothing of its body is written."""
    found = replies(steps("S? +OK\nC: UIDL\nS? +OK\nS+ 1 {x}\nC: STAT\nS? +OK|-ERR\n", "pop3"))
    assert found[1].context.multi
    assert found[1].expected.body is None
    assert not found[2].context.multi


def test_any_lines_belong_to_the_reply_that_is_written() -> None:
    """S* before the last status line, and in a body."""
    found = replies(steps(GREETED + "C: EHLO a\nS* 250-{}\nS~ 250 {}\n"))
    assert len(found[1].expected.status) == 2
    found = replies(steps("S: +OK\nC: LIST\nS: +OK\nS* {}\nS: .\n", "pop3"))
    assert found[1].expected.body is not None
    assert len(found[1].expected.body) == 1


def test_what_is_no_reply_is_told_as_such() -> None:
    """A recording of a server that talked nonsense has it, and it counts as nothing."""
    found = replies(steps("S: hello\nS: 220 mx\n"))
    assert found[0].context == Context(None, malformed=True)
    assert found[1].context.greeting


def test_a_reply_may_be_cut_short() -> None:
    """By the end of the link alone."""
    found = steps("S: 220-a\nS= 220-b\nS@ flush\nS@ close\n")
    reply = replies(found)[0]
    assert not reply.expected.whole
    assert status(reply) == [b"220-a", b"220-b"]
    assert reply.context.greeting
    assert isinstance(found[-1], Happens)
    found = steps("S: +OK\nC: RETR 1\nS: +OK\nS= .a\nS@ reset\n", "pop3")
    assert body(replies(found)[1]) == [b"a"]
    assert replies(steps("S: 220 x\nC: NOOP\nS= 25\nS@ close\n"))[1].context.unit == 0
    assert replies(steps("S: 220 x\nS= 42\nS@ close\n"))[1].context.unsolicited


@pytest.mark.parametrize(
    "lines, protocol",
    [
        ("S: 220-a\n", "smtp"),
        ("S= 220 a\n", "smtp"),
        ("S= 220 xxx\n# incomplete\nC@ close\n", "smtp"),
        ("S: +OK\nC: RETR 1\nS: +OK\n", "pop3"),
        ("S: +OK\nC: RETR 1\nS: +OK\nS: a\nS= b\n", "pop3"),
        ("S: +OK\nC: RETR 1\nS: +OK\nS> a.body\nC@ close\n", "pop3"),
    ],
)
def test_a_file_may_end_in_a_reply(lines: str, protocol: str) -> None:
    """A recorder was killed: as far as it goes the recording can be played."""
    reply = replies(steps(lines, protocol))[-1]
    assert reply.expected.open
    assert not reply.expected.whole


def test_a_dot_behind_a_bare_line_end_is_content() -> None:
    """As on the wire, CRLF alone ends a line."""
    found = replies(steps("S: +OK\nC: RETR 1\nS: +OK\nS= a\\n..b\\r\\n..c\\r\\n\nS: .\n", "pop3"))
    assert body(found[1]) == [b"a", b"..b", b".c"]


@pytest.mark.parametrize(
    "lines, sentence",
    [
        ("S: 220-a\nC: NOOP\n", "has no end"),
        ("@poll within=2s every=1s\nS: 220-a\n@end\n", "has no end"),
        ("S: 220-a\nS? 250\n", "has no end"),
        (GREETED + "S@ close\nC: NOOP\n", "has ended in line 5"),
        (GREETED + "C@ reset\nS: 250 x\n", "has ended in line 5"),
        (GREETED + "C@ close\nC: NOOP\n", "closed its side in line 5"),
        ("S+ a\n", "there is none"),
        (GREETED + "C: NOOP\nS+ a\n", "there is none"),
        ("S~ {} x\n", "to the letter"),
        ("S? +OK\n", "200 to 599, or x"),
    ],
)
def test_what_makes_no_dialogue(lines: str, sentence: str) -> None:
    """Is told with its line, before anything is sent."""
    assert sentence in fault(lines)


def test_more_that_makes_no_dialogue() -> None:
    """A body without an end, a class of the other protocol, a connection without a protocol."""
    assert "S: ." in fault("S: +OK\nC: RETR 1\nS: +OK\nS: a\nC: NOOP\n", "pop3")
    assert "+OK, -ERR or +" in fault("S? 250\n", "pop3")
    assert "protocol 3:" in fault("C3: NOOP\n")


def test_events_stand_where_they_happen() -> None:
    """`within` and `after` belong to the next reply, all others stand alone."""
    found = steps(
        GREETED + "C: NOOP\nS@ within 2s\nS@ after 500ms\nS: 250 x\nS@ silent 1s\nC@ close\n"
        "S: 421 x\nS@ flush\nS@ close\n"
    )
    answers = replies(found)
    assert (answers[1].within, answers[1].after) == (2.0, 0.5)
    assert (answers[2].within, answers[2].after) == (None, None)
    events = [step.line.text for step in found if isinstance(step, Happens)]
    assert events == ["S@ silent 1s", "C@ close", "S@ flush", "S@ close"]


def test_tls_forgets_what_was_owed() -> None:
    """Commands behind STARTTLS are owed nothing; over TLS nobody greets."""
    found = steps(GREETED + "C: STARTTLS\nC: NOOP\nS: 220 go\n@tls\nC: NOOP\nS: 250 x\n")
    assert [type(step) for step in found] == [Reply, Write, Reply, Handshake, Write, Reply]
    assert replies(found)[2].context.unit == 2
    implicit = steps(GREETED + "C: NOOP\nS: 250 x\n", headers="tls: implicit\n")
    assert replies(implicit)[0].context.greeting


def test_a_choice_ends_the_list_until_it_is_made() -> None:
    """What stands before it comes out the same."""
    transcript = read(GREETED + "C: NOOP\n@alt a\nS? 250\nC: A\n@or b\nS? 5xx\n@end\nS@ close\n")
    open_end = compile_steps(transcript)
    assert isinstance(open_end[-1], Choice)
    first, second = (compile_steps(transcript, {}, (branch,)) for branch in (0, 1))
    assert first[: len(open_end) - 1] == open_end[:-1] == second[: len(open_end) - 1]
    assert len(writes(first)) == 2
    assert len(writes(second)) == 1


def test_a_poll_is_a_round_with_connections_of_its_own() -> None:
    """The greeting comes again, whatever stood before."""
    found = steps(
        GREETED + "@poll within=5s every=1s\nS: 220 x\n@alt a\nS: 421 x\n@end\n@end\nC: QUIT\n"
    )
    repeat = next(step for step in found if isinstance(step, Repeat))
    assert [type(step) for step in repeat.steps] == [Reply, Choice]
    assert replies(repeat.steps)[0].context.greeting


def test_known_mistakes_are_passed_over_or_played_alone() -> None:
    """A run of its own has what stands before it, and its own lines."""
    transcript = read(
        GREETED + "@wrong\nC: A\nS? 500\n@end\n@wrong\nC: B\nS? 500\n@end\nC: NOOP\nS: 250 x\n"
    )
    assert [written(write) for write in writes(compile_steps(transcript))] == [["C: NOOP"]]
    assert [
        [written(write) for write in writes(compile_steps(transcript, wrong=number))]
        for number in (0, 1)
    ] == [[["C: A"]], [["C: B"]]]


def test_checks_speak_of_the_connection_above() -> None:
    """The first one, before anybody spoke."""
    found = steps(
        "@assert state == connect\nS2: +OK\n@assert state == ready\n", headers="protocol 2: pop3\n"
    )
    assert [step.connection for step in found if isinstance(step, Check)] == [1, 2]


def test_raw_lines_stand_alone() -> None:
    """Line against line, the last one without an end; no replies, no bodies."""
    found = steps(
        "S@ within 1s\nS: * OK\nC: a\nC: b\nS* * {}\nS= login:\nC: c\n@tls\nS= x\nS@ close\n", "raw"
    )
    lines = [step for step in found if isinstance(step, RawLine)]
    assert [line.within for line in lines] == [1.0, None, None, None]
    assert [type(step) for step in found] == [
        RawLine, Write, RawLine, RawLine, Write, Handshake, RawLine, Happens,
    ]  # fmt: skip
    for line in ("S? 250\n", "S+ a\n"):
        assert "has no replies" in fault(line, "raw")
    assert "has no multi-line" in fault("S> a\n", "raw")


def test_values_and_samples_stand_in_for_names() -> None:
    """What a matrix gives is cut into lines like everything else."""
    transcript = read(GREETED + "C= {eod}\nS: 250 a\nS: 250 b\n", headers="matrix eod: a=x | b=y\n")
    found = compile_steps(transcript, {"eod": b"NOOP\r\nHELP\r\n"})
    assert len(writes(found)[0].units) == 2
    found = steps("S: +OK\nC: STAT\nS~ +OK {n:int=3} {o:int}\nC~ RETR {n}\nS? +OK\n", "pop3")
    assert replies(found)[2].context.command is not None
    assert replies(found)[2].context.command.line == b"RETR 3"


@pytest.mark.parametrize(
    "lines, ends",
    [
        ("C: NOOP\n", [b"\r\n"]),
        ("C= NOOP\\n\n", [b"\n"]),
        ("C= NOOP\\r\nC= \\n\n", [b"\r\n"]),
        ("C= NOOP\\nNOOP\\r\\n\n", [b"\n", b"\r\n"]),
        ("C= NO\nC= OP\\n\n", [b"\n"]),
    ],
)
def test_each_command_has_its_end(lines: str, ends: list[bytes]) -> None:
    """And its pieces are without it, however the octets were cut."""
    units = [unit for write in writes(steps(GREETED + lines)) for unit in write.units]
    assert [unit.end for unit in units] == ends
    assert all(unit.pieces == (b"NOOP",) for unit in units)


def unset(transcript: Transcript) -> list[names.Trouble]:
    found: list[names.Trouble] = []
    names.Names({"known"}, transcript.head.peers, found.append).look(compile_steps(transcript))
    return [trouble for trouble in found if trouble.kind is names.Kind.UNSET]


def test_names_without_a_value() -> None:
    """Are found before anything is sent: captured, set, sampled and secret ones are none."""
    transcript = read(
        "S~ +OK {stamp}\nC~ USER {user}\nS? +OK\nC~ PASS {password}\nS? +OK\nC~ TOP {n=1} {stamp}\n"
        "S? +OK\n@tls version={v}\nC~ NOOP {v}{late}\nS? +OK\n"
        "@poll within=2s every=1s\nC~ NOOP {user}\nS~ +OK {late}\n@end\nC< {x}\nC~ {late}\n",
        "pop3",
    )
    found = unset(transcript)
    assert [(trouble.place.line, trouble.name) for trouble in found] == [
        (5, "user"),
        (12, "late"),
        (15, "user"),
    ]
    raw = read("S~ * {tag}\nC~ {tag}\nC~ {other}\n", "raw")
    assert [trouble.name for trouble in unset(raw)] == ["other"]


def test_wildcards_side_by_side() -> None:
    """Neither has a value, and they are not one name."""

    def beside(line: str, *known: str) -> str | None:
        found = replies(steps(f"S~ 220 {line}\n"))[0].expected.status[0]
        piece = names.wildcard_beside(found.pieces, known)
        return None if piece is None else piece.name

    assert beside("{a}{b}") == beside("{a:text}{b}") == beside("{=now}{a}{b}") == "b"
    assert beside("{a}{b} {}", "c") == "b"
    for line in ("{a} {b}", "{a}{a}", "{a}{c}", "{c}{a}", "{a} {b}{a}", "{a}{=now}{b}", "x"):
        assert beside(line, "c") is None


@pytest.mark.parametrize(
    "lines, masked",
    [
        ("S: 220 x\n# a secret was masked\nC: NOOP\nS: 250 x\n", [True, False]),
        ("S: 220 x\nC: NOOP\n# a secret was masked\nS: 250 x\n", [False, False]),
        ("S: 220 x\nC: NOOP\nS: 250 x\n# a secret was masked in x\n", [False, True]),
        ("S: 220 x\nC: NOOP\nS: 250 x\n# a secret was masked above\n", [True, True]),
        ("# a secret was masked\nS: 220 x\nC: NOOP\nS: 250 x\n# a secret\n", [False, False]),
        ("S: 220 x\nC: NOOP\nS: 250 x\nS2: a\n# a secret was masked\n", [False, False]),
    ],
)
def test_replies_with_a_masked_secret(lines: str, masked: list[bool]) -> None:
    """The recorder says it right below a reply, or of all that stands above."""
    found = replies(steps(lines, headers="protocol 2: raw\n"))
    assert [reply.expected.masked for reply in found] == masked


def test_any_reply_to_a_login() -> None:
    """`S? xxx` is three digits, and opens it."""
    found = steps(GREETED + "C: AUTH LOGIN\nS? xxx\nC~ {password}\nS? xxx\n")
    assert writes(found)[1].units[0].sort is Sort.ANSWER


def test_forms_of_joined_lines() -> None:
    """A line that has a written piece is a written line."""
    found = replies(steps("S= 220\nS~  {x}\n"))
    line = found[0].expected.status[0]
    assert isinstance(line, ExpectedLine)
    assert line.form is Form.COOKED


def test_what_a_step_is_about() -> None:
    """Lines of the wire, events and handshakes are of one connection; a title is of none."""
    found = steps(
        "== A title\nS: 220 mx\nC2: NOOP\nS2: 250 ok\nC: STARTTLS\nS: 220 go\n@tls\n"
        "S2@ close\n@assert state == greeted\n",
        headers="protocol 2: smtp\nconnect: a.example\nconnect 2: b.example\n",
    )
    assert [(type(step), connection_of(step)) for step in found] == [
        (Section, None),
        (Reply, 1),
        (Write, 2),
        (Reply, 2),
        (Write, 1),
        (Reply, 1),
        (Handshake, 1),
        (Happens, 2),
        (Check, None),
    ]
