"""A place for a body until nobody looks at it any more; it is imported when there is one."""

from tempfile import SpooledTemporaryFile


class Spool(SpooledTemporaryFile[bytes]):
    """Octets in memory, and beyond a bound in a file without a name that only we can read.

    Whoever holds it need not close it: it goes when nobody holds it any more.
    """

    def __del__(self) -> None:
        self.close()
