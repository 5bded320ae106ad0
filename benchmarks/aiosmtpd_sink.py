"""A server of aiosmtpd on a free port of 127.0.0.1, which it prints; it keeps no mail."""

import asyncio

from aiosmtpd.handlers import Sink
from aiosmtpd.smtp import SMTP

LARGEST = 64 * 1024 * 1024  # octets of a message, as in the sandbox


async def main() -> None:
    loop = asyncio.get_running_loop()
    server = await loop.create_server(
        lambda: SMTP(Sink(), data_size_limit=LARGEST), "127.0.0.1", 0, backlog=128
    )
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main())
