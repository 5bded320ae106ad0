"""README's comparison: each cell, and what proves it: a test, or a transcript that is played."""

from dataclasses import dataclass

COLUMNS = ("mailprobe", "swaks", "openssl s_client", "curl", "telnet")
_TOOLS = "tests/comparison/test_tools.py::test_"


@dataclass(frozen=True, slots=True)
class Cell:
    """What README says, and the tests (with their parameter) and transcripts that show it."""

    text: str
    proofs: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Row:
    what: str
    cells: tuple[Cell, ...]  # in the order of COLUMNS


def ours(text: str, *proofs: str) -> Cell:
    """Mailprobe's: tests by their paths below tests/, and transcripts by theirs."""
    return Cell(text, tuple(p if p.startswith("transcripts/") else f"tests/{p}" for p in proofs))


def theirs(text: str, *proofs: str) -> Cell:
    """A tool's, by the names of the live tests."""
    return Cell(text, tuple(_TOOLS + proof for proof in proofs))


def without(wanted: str, *tools: str) -> tuple[Cell, ...]:
    """Tools that have no option for it."""
    return tuple(theirs("no", f"no_option_for[{tool}-{wanted}]") for tool in tools)


def by_hand(verb: str) -> tuple[Cell, Cell]:
    """s_client and telnet, which send what a person types."""
    return (
        theirs("by hand", f"what_is_typed_is_sent[{verb}-openssl s_client]"),
        theirs("by hand", f"what_is_typed_is_sent[{verb}-telnet]"),
    )


def each(text: str, test: str) -> tuple[Cell, ...]:
    """The same of all four tools."""
    return tuple(theirs(text, f"{test}[{tool}]") for tool in COLUMNS[1:])


_NO_TLS = theirs("no TLS", "telnet_speaks_no_tls")

_TYPED = (
    Row(
        "commands typed by hand",
        (
            ours("yes", "shell/test_app.py::test_line_goes_out_octet_for_octet"),
            theirs("no", "no_commands_are_taken[swaks]"),
            theirs(
                "yes, with `-quiet -crlf`",
                "what_is_typed_is_sent[AUTH-openssl s_client]",
                "s_client_ends_lines_by_lf_alone",
                "s_client_takes_lines_that_begin_with_r_for_itself",
            ),
            theirs("one, by `--request`", "curl_sends_one_command_of_ones_own"),
            theirs("yes", "what_is_typed_is_sent[AUTH-telnet]"),
        ),
    ),
    Row(
        "completes what this server offers now",
        (
            ours(
                "yes",
                "shell/typing/test_complete.py::test_parameters_carry_what_the_server_says",
                "shell/typing/test_complete.py::test_a_verb_that_does_not_fit_says_why",
            ),
            theirs("no", "no_commands_are_taken[swaks]"),
            theirs("no", "tab_is_an_octet_like_others[openssl s_client]"),
            theirs("no", "no_commands_are_taken[curl]"),
            theirs("no", "tab_is_an_octet_like_others[telnet]"),
        ),
    ),
    Row(
        "says what a reply code means",
        (
            ours("yes", "shell/local/test_commands.py::test_codes_are_explained"),
            *each("no", "codes_make_no_difference"),
        ),
    ),
    Row(
        "a `421` that nobody asked for is told from an answer",
        (
            ours(
                "yes",
                "test_session.py::test_an_unsolicited_reply_is_not_the_answer",
                "interop/test_postfix.py::test_unsolicited_421_at_the_prompt",
            ),
            theirs("no", "an_unasked_421_passes_for_the_answer[swaks]"),
            theirs("no", "an_unasked_421_stands_among_the_answers[openssl s_client]"),
            theirs("no", "an_unasked_421_passes_for_the_answer[curl]"),
            theirs("no", "an_unasked_421_stands_among_the_answers[telnet]"),
        ),
    ),
    Row(
        "escape sequences of a server are made harmless",
        (
            ours("yes", "hostile/test_faults.py::test_hostile_text_in_every_place"),
            *each("no", "escape_sequences_arrive_raw"),
        ),
    ),
    Row(
        "passwords are masked in what is shown",
        (
            ours(
                "yes",
                "interop/test_dovecot.py::test_password_is_masked_wherever_it_turns_up",
                "transcripts/pop3/user-pass.mpt",
            ),
            theirs(
                "`--auth-hide-password`",
                "the_password_is_shown[swaks]",
                "swaks_can_hide_the_password",
            ),
            theirs("no", "the_password_is_shown[openssl s_client]"),
            theirs("no", "the_password_is_shown[curl]"),
            theirs("no", "the_password_is_shown[telnet]"),
        ),
    ),
    Row(
        "records a session, and replays it as a test",
        (
            ours(
                "yes",
                "interop/test_replay.py::test_a_recording_replays_green",
                "transcripts/recorded/pop3-apop.mpt",
            ),
            *without("replay", *COLUMNS[1:]),
        ),
    ),
    Row(
        "reports for CI (JUnit, TAP)",
        (
            ours(
                "yes",
                "player/test_reports.py::test_junit",
                "player/test_reports.py::test_tap",
            ),
            *without("report", *COLUMNS[1:]),
        ),
    ),
    Row(
        "times",
        (
            ours(
                "of each command, percentiles",
                "interop/test_measuring.py::test_times_of_a_submission",
                "test_timing.py::test_a_tally_of_sessions",
            ),
            theirs("of each reply", "times_of_swaks"),
            *without("times", "openssl s_client"),
            theirs("of the link, and in all", "times_of_curl"),
            *without("times", "telnet"),
        ),
    ),
    Row(
        "JSON",
        (
            ours("an object for each event", "shell/piping/test_objects.py::test_a_mail"),
            *without("json", "swaks", "openssl s_client"),
            theirs("one, at the end", "times_of_curl"),
            *without("json", "telnet"),
        ),
    ),
    Row(
        "says which rules a server breaks",
        (
            ours(
                "yes, with RFC and section",
                "interop/test_measuring.py::test_what_a_postfix_does_is_found",
                "protocol/linting/test_linter.py::test_what_a_server_of_smtp_does_wrong",
            ),
            *without("lint", *COLUMNS[1:]),
        ),
    ),
    Row(
        "is a mock server",
        (
            ours("yes", "interop/test_transcripts.py::test_a_mock_says_what_a_real_server_says"),
            *without("mock", *COLUMNS[1:]),
        ),
    ),
    Row(
        "the exit status says what failed",
        (
            ours(
                "yes",
                "hostile/test_faults.py::test_nobody_listens",
                "shell/piping/test_pipe.py::test_it_stops_at_the_first_refused_command",
            ),
            theirs("yes", "status_of_swaks_and_curl"),
            theirs("no", "a_refusal_is_no_failure[openssl s_client]"),
            theirs("yes", "status_of_swaks_and_curl"),
            theirs("no", "a_refusal_is_no_failure[telnet]"),
        ),
    ),
)

_TLS = (
    Row(
        "STARTTLS, STLS",
        (
            ours(
                "SMTP, LMTP, POP3",
                "interop/test_submission.py::test_starttls_goes_up_by_itself",
                "interop/test_dovecot.py::test_lmtp_with_starttls",
                "interop/test_dovecot.py::test_stls_goes_up_by_itself",
            ),
            theirs("SMTP, LMTP", "starttls_of_swaks[SMTP]", "starttls_of_swaks[LMTP]"),
            theirs(
                "SMTP, LMTP, POP3",
                *(f"starttls_of_s_client[{one}]" for one in ("smtp", "lmtp", "pop3")),
            ),
            theirs("SMTP, POP3", "starttls_of_curl[smtp]", "starttls_of_curl[pop3]"),
            _NO_TLS,
        ),
    ),
    Row(
        "text injected before TLS is refused",
        (
            ours("yes", "hostile/test_tls.py::test_text_injected_before_tls"),
            theirs("no: it passes for an answer", "swaks_takes_injected_text_for_an_answer"),
            theirs("no: dropped in silence", "s_client_drops_injected_text"),
            theirs("yes", "curl_refuses_injected_text"),
            _NO_TLS,
        ),
    ),
    Row(
        "certificates are verified",
        (
            ours("yes", "hostile/test_tls.py::test_a_certificate_that_is_no_good"),
            theirs("`--tls-verify`", "swaks_verifies_where_it_is_told_to"),
            theirs("`-verify_return_error`", "s_client_verifies_where_it_is_told_to"),
            theirs("yes", "curl_verifies"),
            _NO_TLS,
        ),
    ),
    Row(
        "a client certificate",
        (
            ours("yes", "interop/test_tls.py::test_external_by_smtp"),
            theirs("yes", "a_client_certificate[swaks]"),
            theirs("yes", "a_client_certificate[openssl s_client]"),
            theirs("yes", "a_client_certificate[curl]"),
            _NO_TLS,
        ),
    ),
    Row(
        "DANE",
        (
            ours("yes, with DNSSEC", "interop/test_route.py::test_dane_in_a_live_handshake"),
            *without("dane", "swaks"),
            theirs("TLSA given by hand", "dane_of_s_client"),
            *without("dane", "curl", "telnet"),
        ),
    ),
    Row(
        "MTA-STS",
        (
            ours(
                "shown, and what it means",
                "interop/test_route.py::test_mta_sts",
                "interop/test_route.py::test_what_a_policy_makes_of_mail",
            ),
            *without("sts", *COLUMNS[1:]),
        ),
    ),
)

_PROTOCOLS = (
    Row(
        "POP3",
        (
            ours("yes", "transcripts/pop3/retr.mpt"),
            theirs("no", "swaks_knows_no_pop3"),
            theirs("by hand", "pop3_by_hand[openssl s_client]"),
            theirs("lists, fetches", "pop3_of_curl[USER]"),
            theirs("by hand", "pop3_by_hand[telnet]"),
        ),
    ),
    Row(
        "LMTP: a reply for each recipient",
        (
            ours(
                "each with its recipient",
                "interop/test_dovecot.py::test_lmtp_answers_for_each_recipient",
                "transcripts/lmtp/verdicts.mpt",
            ),
            theirs("shown, status 0", "lmtp_of_swaks"),
            theirs("by hand", "lmtp_by_hand[openssl s_client]"),
            theirs("no LMTP", "curl_knows_no_lmtp"),
            theirs("by hand", "lmtp_by_hand[telnet]"),
        ),
    ),
    Row(
        "PIPELINING",
        (
            ours(
                "any lines",
                "interop/test_postfix.py::test_replies_to_a_group_belong_to_their_commands",
            ),
            theirs("yes", "pipelining_of_swaks"),
            theirs("typed ahead", "lines_may_be_typed_ahead[openssl s_client]"),
            theirs("no", "curl_pipelines_nothing"),
            theirs("typed ahead", "lines_may_be_typed_ahead[telnet]"),
        ),
    ),
    Row(
        "BDAT",
        (
            ours("yes", "interop/test_postfix.py::test_mail_in_chunks"),
            *without("bdat", "swaks"),
            by_hand("BDAT")[0],
            *without("bdat", "curl"),
            by_hand("BDAT")[1],
        ),
    ),
    Row(
        "parameters of DSN",
        (
            ours("yes", "interop/test_postfix.py::test_delivery_status_parameters"),
            *without("dsn", "swaks"),
            by_hand("MAIL")[0],
            *without("dsn", "curl"),
            by_hand("MAIL")[1],
        ),
    ),
    Row(
        "PRDR",
        (
            ours("by hand", "comparison/test_table.py::test_replies_of_prdr_are_not_matched"),
            theirs("yes", "prdr_of_swaks"),
            by_hand("MAIL")[0],
            *without("prdr", "curl"),
            by_hand("MAIL")[1],
        ),
    ),
    Row(
        "XCLIENT",
        (
            ours("yes", "interop/test_way.py::test_postfix_takes_us_for_another"),
            theirs("yes", "xclient_of_swaks"),
            by_hand("XCLIENT")[0],
            *without("xclient", "curl"),
            by_hand("XCLIENT")[1],
        ),
    ),
    Row(
        "the PROXY protocol",
        (
            ours(
                "v1, v2",
                "interop/test_way.py::test_postfix_takes_the_address_of_the_header",
                "interop/test_way.py::test_dovecot_takes_the_address_of_the_header",
            ),
            theirs("v1, v2", "swaks_announces_a_client"),
            *without("announce", "openssl s_client"),
            theirs("v1, its own address", "curl_announces_itself"),
            by_hand("XCLIENT")[1],
        ),
    ),
    Row(
        "through SOCKS5, or HTTP CONNECT",
        (
            ours("both", "interop/test_way.py::test_tls_through_a_proxy"),
            *without("socks", "swaks"),
            theirs("CONNECT", "through_a_proxy[openssl s_client]"),
            theirs("both", "through_a_proxy[curl]", "curl_has_socks"),
            *without("socks", "telnet"),
        ),
    ),
    Row(
        "a program in the place of a server",
        (
            ours("yes", "interop/test_way.py::test_postfix_as_a_program"),
            theirs("yes", "swaks_talks_to_a_program"),
            *without("pipe", *COLUMNS[2:]),
        ),
    ),
    Row(
        "composes a mail with attachments",
        (
            ours("yes", "commands/test_send.py::test_composed_of_files_and_standard_input"),
            theirs("yes", "attachments[swaks]"),
            *without("attach", "openssl s_client"),
            theirs("yes", "attachments[curl]"),
            *without("attach", "telnet"),
        ),
    ),
    Row(
        "a unix socket",
        (
            ours("yes", "interop/test_dovecot.py::test_lmtp_over_a_unix_socket"),
            theirs("yes", "a_unix_socket[swaks]"),
            theirs("yes", "a_unix_socket[openssl s_client]"),
            theirs("yes", "a_unix_socket[curl]"),
            *without("socket", "telnet"),
        ),
    ),
    Row(
        "the MX of a domain, in their order",
        (
            ours("yes", "interop/test_mx.py::test_mx_falls_back_down_the_list"),
            theirs("one, with Net::DNS", "ntlm_and_mx_of_swaks"),
            *without("mx", *COLUMNS[2:]),
        ),
    ),
    Row(
        "IMAP",
        (
            ours("no", "hostile/test_faults.py::test_another_service_is_named"),
            theirs("no", "swaks_knows_no_pop3"),
            theirs("by hand", "what_is_typed_is_sent[AUTH-openssl s_client]"),
            theirs("yes", "imap_of_curl"),
            theirs("by hand", "what_is_typed_is_sent[AUTH-telnet]"),
        ),
    ),
)

_LOGINS = (
    Row(
        "SCRAM",
        (
            ours(
                "yes",
                "interop/test_auth.py::test_over_tls[SCRAM-SHA-256]",
                "transcripts/pop3/auth-scram-sha-256.mpt",
            ),
            theirs("no", "mechanisms_that_swaks_lacks[SCRAM-SHA-256]"),
            theirs("no", "no_answer_is_computed[openssl s_client]"),
            theirs("built with GSASL", "scram_of_curl"),
            theirs("no", "no_answer_is_computed[telnet]"),
        ),
    ),
    Row(
        "SCRAM with channel binding (-PLUS)",
        (
            ours("yes", "api/test_talking.py::test_login[submissions-SCRAM-SHA-256-PLUS]"),
            theirs("no", "mechanisms_that_swaks_lacks[SCRAM-SHA-256-PLUS]"),
            theirs("no", "no_answer_is_computed[openssl s_client]"),
            theirs("no", "curl_has_no_scram_plus"),
            theirs("no", "no_answer_is_computed[telnet]"),
        ),
    ),
    Row(
        "XOAUTH2, OAUTHBEARER",
        (
            ours(
                "yes, the refusal in words",
                "interop/test_auth.py::test_a_good_token[XOAUTH2]",
                "interop/test_auth.py::test_a_bad_token[OAUTHBEARER]",
            ),
            theirs("no", "mechanisms_that_swaks_lacks[XOAUTH2]"),
            by_hand("AUTH")[0],
            theirs("yes", "bearer_tokens_of_curl[XOAUTH2]", "bearer_tokens_of_curl[OAUTHBEARER]"),
            by_hand("AUTH")[1],
        ),
    ),
    Row(
        "APOP",
        (
            ours("yes", "interop/test_dovecot.py::test_apop_of_the_page"),
            theirs("no", "swaks_knows_no_pop3"),
            theirs("no", "no_answer_is_computed[openssl s_client]"),
            theirs("yes", "pop3_of_curl[APOP]"),
            theirs("no", "no_answer_is_computed[telnet]"),
        ),
    ),
    Row(
        "NTLM, Kerberos",
        (
            ours("explained", "comparison/test_table.py::test_ntlm_and_kerberos_are_explained"),
            theirs("NTLM, with Authen::NTLM", "ntlm_and_mx_of_swaks"),
            theirs("no", "no_answer_is_computed[openssl s_client]"),
            theirs("yes", "ntlm_and_kerberos_of_curl"),
            theirs("no", "no_answer_is_computed[telnet]"),
        ),
    ),
)

ROWS = (*_TYPED, *_TLS, *_PROTOCOLS, *_LOGINS)


def markdown() -> str:
    """The table as README has it."""
    lines = [["", *COLUMNS], ["---"] * (1 + len(COLUMNS))]
    lines += [[row.what, *(cell.text for cell in row.cells)] for row in ROWS]
    return "".join("| " + " | ".join(line).lstrip() + " |\n" for line in lines)


if __name__ == "__main__":
    print(markdown(), end="")
