"""A real client library, slixmpp, driven from a test's own thread."""
import asyncio
import threading

import slixmpp

from .waiting import wait_until

ANSWER_SECONDS = 60


class Client:
    """Logs in over STARTTLS, checking the server's certificate, and keeps every message body that arrives."""

    def __init__(self, jid, password, address, port, authority, plugins=(), prepare=None):
        """`prepare(xmpp)` is called before the client connects, for handlers that must not miss anything."""
        self._plugins = plugins
        self._prepare = prepare
        self.jid = jid
        self.bodies = []
        self.failures = []
        self._ready = threading.Event()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, args=(password, address, port, authority), daemon=True)
        self._thread.start()
        wait_until(lambda: self._ready.is_set() or self.failures, ANSWER_SECONDS, f"{jid} logs in",
                   lambda: str(self.failures))
        if self.failures:
            raise AssertionError(f"{jid}: {self.failures}")

    def _run(self, password, address, port, authority):
        asyncio.set_event_loop(self._loop)
        self._xmpp = xmpp = slixmpp.ClientXMPP(self.jid, password)
        xmpp.ca_certs = str(authority.certificate)
        for plugin in ("xep_0004", "xep_0030", "xep_0050", "xep_0092", "xep_0184", "xep_0199", "xep_0202",
                       *self._plugins):
            xmpp.register_plugin(plugin)
        if self._prepare:
            self._prepare(xmpp)
        xmpp.add_event_handler("session_start", self._started)
        xmpp.add_event_handler("message", self._message)
        # Where nobody listens yet it tries again by itself.
        for failure in ("failed_auth", "ssl_invalid_chain"):
            xmpp.add_event_handler(failure, lambda event, failure=failure: self.failures.append((failure, str(event))))
        xmpp.connect((address, port), disable_starttls=False, force_starttls=True)
        self._loop.run_forever()

    async def _started(self, _):
        self._xmpp.send_presence()
        await self._xmpp.get_roster()
        self._ready.set()

    def _message(self, message):
        if message["body"]:
            self.bodies.append((str(message["from"].bare), message["body"]))

    def call(self, make_coroutine, seconds=ANSWER_SECONDS):
        """Runs `make_coroutine(xmpp)` on the client's loop and returns its result."""
        async def run():
            return await make_coroutine(self._xmpp)
        return asyncio.run_coroutine_threadsafe(run(), self._loop).result(seconds)

    def say(self, to, body):
        self._loop.call_soon_threadsafe(lambda: self._xmpp.send_message(mto=to, mbody=body, mtype="chat"))

    def ask(self, to, body, seconds=ANSWER_SECONDS, until=lambda answer: True):
        """Sends `body` and returns the first later answer from `to` that satisfies `until`."""
        seen = len(self.bodies)
        self.say(to, body)

        def answer():
            for sender, text in self.bodies[seen:]:
                if sender == to and until(text):
                    return text
            return None

        return wait_until(answer, seconds, f"{to} answers '{body}'", lambda: f"heard: {self.bodies[seen:]}")

    def command(self, to, node):
        """Executes the ad-hoc command `node` at `to` (XEP-0050) and returns the answer."""
        async def run(xmpp):
            request = xmpp.make_iq_set(ito=to)
            request["command"]["node"] = node
            request["command"]["action"] = "execute"
            return await request.send(timeout=ANSWER_SECONDS)

        return self.call(run)

    def hear(self, sender, body, seconds=ANSWER_SECONDS):
        """Waits until exactly `body` has come from the bare address `sender`."""
        wait_until(lambda: (sender, body) in self.bodies, seconds, f"{self.jid} hears '{body}' from {sender}",
                   lambda: f"heard: {self.bodies}")

    def close(self):
        async def finish():
            try:
                await self._xmpp.disconnect(wait=1)
            finally:
                others = asyncio.all_tasks() - {asyncio.current_task()}
                for task in others:
                    task.cancel()
                await asyncio.gather(*others, return_exceptions=True)

        asyncio.run_coroutine_threadsafe(finish(), self._loop).result(ANSWER_SECONDS)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(ANSWER_SECONDS)
        self._loop.close()
