"""Which subcommands there are; nothing of what they do."""

# The word on the command line, which is the name of the module too: what it does.
SUBCOMMANDS = {
    "completion": "a script with which a shell completes command lines",
    "explain": "what a code, a command or a reply means, in English or Chinese",
    "fetch": "list the messages of a POP3 maildrop, and fetch them",
    "learn": "lessons on a practice server, in English and Chinese",
    "man": "the manual page",
    "replay": "play transcripts and check what the servers say",
    "route": "where the mail of a domain goes, and what DNS says about it",
    "sandbox": "a practice server on loopback",
    "send": "send messages, and say what became of each recipient",
    "serve": "play transcripts as the server, and check what clients say",
    "transcript": "show, convert and check transcripts",
}
