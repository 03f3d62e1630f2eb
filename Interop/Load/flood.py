"""A client that never uses a name twice: what it costs the server, and those beside it."""
import asyncio

from tradewind_interop.client import Client

# The server takes no more distinct names in one stanza of a client than 1,024.
NAMES_PER_STANZA = 1_000
WAITING_BYTES = 1 << 20
PAUSE_SECONDS = 0.002


def flood(server, username, password, authority, names, seconds):
    """Logs in and sends so many distinct names, in stanzas that nobody answers; how many were taken in that time."""
    client = Client(f"{username}@{server.domain}", password, server.address, 5222, authority)
    return client.call(lambda xmpp: send(xmpp, server.domain, names, seconds), seconds + 60)


async def send(xmpp, domain, names, seconds):
    end = asyncio.get_running_loop().time() + seconds
    for first in range(0, names, NAMES_PER_STANZA):
        if xmpp.transport.is_closing():
            raise RuntimeError(f"the server closed the stream after some {first} names")
        while xmpp.transport.get_write_buffer_size() > WAITING_BYTES:
            if asyncio.get_running_loop().time() > end:
                return first
            await asyncio.sleep(PAUSE_SECONDS)
        # An error to an account that there is not is dropped (RFC 6121 §8.5.1).
        inside = "".join(f"<n{number}/>" for number in range(first, first + NAMES_PER_STANZA))
        xmpp.transport.write(f"<message type='error' to='nobody@{domain}'>{inside}</message>".encode())
    await xmpp.plugin["xep_0199"].ping(domain, timeout=seconds)
    return names
