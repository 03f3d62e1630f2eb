"""A real client library (slixmpp) whose connection is cut again and again resumes its session (XEP-0198)."""
import unittest

from slixmpp.plugins.xep_0198 import stanza as management

from tradewind_interop.client import Client
from tradewind_interop.relay import Relay
from tradewind_interop.tradewind import Tradewind, free_port
from tradewind_interop.waiting import wait_until
from tradewind_interop.workspace import Workspace

DOMAIN = "resume.test"
ADDRESS = "127.0.39.1"
CUTS = 15
LINES = 4


class Resuming:
    """Has slixmpp come back whenever its connection breaks."""

    def __init__(self, port):
        self._port = port
        self.sessions = 0
        self.resumptions = 0
        self.sent = 0
        self._is_over = False

    def prepare(self, xmpp):
        self._xmpp = xmpp
        plugin = xmpp["xep_0198"]
        library = plugin._handle_outgoing

        def keep(stanza):
            # slixmpp 1.8 forgets what was not acknowledged at the moment it asks to resume, instead of sending it again.
            waiting = list(plugin.unacked_queue)
            result = library(stanza)
            if isinstance(stanza, management.Resume):
                plugin.unacked_queue.extend(waiting)
            self.sent = plugin.seq
            return result

        xmpp.del_filter("out_sync", library)
        xmpp.add_filter("out_sync", keep)
        xmpp.add_event_handler("session_start", lambda _: self._count("sessions"))
        xmpp.add_event_handler("session_resumed", lambda _: self._count("resumptions"))
        xmpp.add_event_handler("disconnected", self._come_back)

    def _count(self, what):
        setattr(self, what, getattr(self, what) + 1)

    def stop(self):
        self._is_over = True

    def _come_back(self, _):
        if self._is_over:
            return
        self._xmpp.connect((ADDRESS, self._port), disable_starttls=False, force_starttls=True)


class ResumptionTests(Workspace):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.server = cls.begin(Tradewind(cls.root, DOMAIN, cls.authority, ADDRESS))
        for name in ("alice", "bob"):
            cls.server.perform("account", "create", name, "password=correct-horse")
        cls.port = free_port(ADDRESS)
        cls.relay = cls.begin(Relay(ADDRESS, cls.port, (ADDRESS, cls.server.client_port)))

    def test_nothing_is_lost_or_doubled_when_the_connection_is_cut(self):
        resuming = Resuming(self.port)
        alice = Client(f"alice@{DOMAIN}", "correct-horse", ADDRESS, self.port, self.authority, ("xep_0198",),
                       resuming.prepare)
        bob = Client(f"bob@{DOMAIN}", "correct-horse", ADDRESS, self.server.client_port, self.authority)
        self.addCleanup(bob.close)
        self.addCleanup(alice.close)
        self.addCleanup(resuming.stop)
        said, answered = [], []
        for number in range(CUTS):
            before = resuming.sent
            for line in range(LINES):
                said.append(f"there {number}.{line}")
                alice.say(f"bob@{DOMAIN}", said[-1])
            # The library counts what it was given; where those bytes are when the connection is cut is chance.
            wait_until(lambda: resuming.sent >= before + LINES, 20, "the library has sent", lambda: str(resuming.sent))
            self.relay.cut()
            for line in range(LINES):
                answered.append(f"back {number}.{line}")
                bob.say(f"alice@{DOMAIN}", answered[-1])
            wait_until(lambda: resuming.resumptions > number, 30, "the session is resumed", self.server.log)
        bob.hear(f"alice@{DOMAIN}", said[-1])
        alice.hear(f"bob@{DOMAIN}", answered[-1])
        self.assertEqual([body for sender, body in bob.bodies if sender == f"alice@{DOMAIN}"], said)
        self.assertEqual([body for sender, body in alice.bodies if sender == f"bob@{DOMAIN}"], answered)
        self.assertEqual(resuming.sessions, 1)
        self.assertEqual(self.relay.connections, CUTS + 1)


if __name__ == "__main__":
    unittest.main()
