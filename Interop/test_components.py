"""External components of our own server: slixmpp's, which talks to people here and far away."""
import asyncio
import threading
import unittest

from slixmpp.componentxmpp import ComponentXMPP

from tradewind_interop.client import ANSWER_SECONDS, Client
from tradewind_interop.tradewind import Tradewind
from tradewind_interop.waiting import wait_until
from tradewind_interop.workspace import Workspace

HERE = "127.0.41.1"
THERE = "127.0.41.2"
PORT = 5347
PASSWORD = "correct-horse"
SECRET = "a-long-random-secret"
DOMAIN = "echo.paris.test"


class Component:
    """Says every message back to whoever wrote it."""

    def __init__(self, domain, secret, address, port):
        self.heard = []
        self.events = []
        self._loop = asyncio.new_event_loop()
        self._arguments = (domain, secret, address, port)
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self):
        asyncio.set_event_loop(self._loop)
        self._xmpp = xmpp = ComponentXMPP(*self._arguments)
        for plugin in ("xep_0030", "xep_0199"):
            xmpp.register_plugin(plugin)
        for event in ("session_start", "stream_error", "disconnected"):
            xmpp.add_event_handler(event, lambda what, event=event: self.events.append((event, str(what))))
        xmpp.add_event_handler("message", self._message)
        xmpp.connect()
        self._loop.run_forever()

    def _message(self, message):
        if message["type"] != "error" and message["body"]:
            self.heard.append((str(message["from"].bare), message["body"]))
            message.reply(f"you said: {message['body']}").send()

    def wait_for(self, event, containing=""):
        wait_until(lambda: any(name == event and containing in text for name, text in self.events), ANSWER_SECONDS,
                   f"the component sees {event} {containing}", lambda: str(self.events))

    def say(self, sender, to, body):
        self._loop.call_soon_threadsafe(
            lambda: self._xmpp.send_message(mfrom=sender, mto=to, mbody=body, mtype="chat"))

    def close(self):
        async def finish():
            self._xmpp.abort()
            others = asyncio.all_tasks() - {asyncio.current_task()}
            for task in others:
                task.cancel()
            await asyncio.gather(*others, return_exceptions=True)

        asyncio.run_coroutine_threadsafe(finish(), self._loop).result(ANSWER_SECONDS)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(ANSWER_SECONDS)
        self._loop.close()


class ComponentTests(Workspace):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        (cls.root / "secret").write_text(f"{SECRET}\n")
        section = (f"server:\n  components:\n    host: {HERE}\n    port: {PORT}\n    secrets:\n"
                   f"      - {DOMAIN}={cls.root / 'secret'}\n")
        cls.paris = cls.begin(Tradewind(
            cls.root, "paris.test", cls.authority, HERE, server_port=5269, routes=[f"tokyo.test={THERE}:5269"],
            settings=[("server:\n", section)]))
        cls.tokyo = cls.begin(Tradewind(
            cls.root, "tokyo.test", cls.authority, THERE, server_port=5269,
            routes=[f"paris.test={HERE}:5269", f"{DOMAIN}={HERE}:5269"]))
        cls.alice = cls.client(cls.paris, "alice", HERE)
        cls.kenji = cls.client(cls.tokyo, "kenji", THERE)

    @classmethod
    def client(cls, process, name, address):
        process.perform("account", "create", name, f"password={PASSWORD}")
        return cls.begin(Client(
            f"{name}@{process.domain}", PASSWORD, address, process.client_port, cls.authority))

    def component(self, secret=SECRET):
        component = Component(DOMAIN, secret, HERE, PORT)
        self.addCleanup(component.close)
        return component

    def test_a_client_here_and_one_of_another_domain_talk_with_it(self):
        component = self.component()
        component.wait_for("session_start")
        self.assertEqual(self.alice.ask(DOMAIN, "bonjour"), "you said: bonjour")
        self.assertEqual(self.kenji.ask(DOMAIN, "konnichiwa"), "you said: konnichiwa")
        component.say(f"oracle@{DOMAIN}/desk", "kenji@tokyo.test", "know thyself")
        self.kenji.hear(f"oracle@{DOMAIN}", "know thyself")
        self.assertEqual({sender for sender, _ in component.heard}, {"alice@paris.test", "kenji@tokyo.test"})

    def test_the_domain_lists_it(self):
        items = self.alice.call(lambda xmpp: xmpp["xep_0030"].get_items("paris.test"))
        self.assertIn(DOMAIN, [str(item[0]) for item in items["disco_items"]["items"]])

    def test_a_wrong_secret_and_a_second_one_are_refused(self):
        guess = self.component("guess")
        guess.wait_for("stream_error", "not-authorized")
        guess.close()
        self._cleanups.pop()
        first = self.component()
        first.wait_for("session_start")
        second = self.component()
        second.wait_for("stream_error", "conflict")
        self.assertEqual(self.alice.ask(DOMAIN, "still there?"), "you said: still there?")


if __name__ == "__main__":
    unittest.main()
