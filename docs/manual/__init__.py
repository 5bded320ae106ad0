"""The generated pages of the manual: values of mailprobe's tables in, Markdown out.

Nothing here knows MkDocs (that is `hook.py`, one folder up), and no page is kept in a file.
"""
