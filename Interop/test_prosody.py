"""Server-to-server with a real Prosody, both ways."""
import unittest

from tradewind_interop.client import Client
from tradewind_interop.prosody import Prosody
from tradewind_interop.server_to_server import ServerToServer
from tradewind_interop.tradewind import Tradewind, free_port
from tradewind_interop.workspace import Workspace

OURS, THEIRS = "127.0.31.5", "127.0.31.2"
DIRECT_TLS_PORT = 5270


class ProsodyTests(ServerToServer, Workspace):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        hosts = cls.root / "hosts"
        hosts.write_text(f"127.0.0.1 localhost\n{OURS} paris.test\n{THEIRS} prosody.test\n")
        cls.peer = cls.begin(Prosody(
            cls.root / "prosody", "prosody.test", THEIRS, hosts, cls.authority, [("romeo", "secret")]))
        cls.begin_site(OURS, THEIRS)


class ProsodyDirectTLSTests(ServerToServer, Workspace):
    """XEP-0368: neither listens where STARTTLS would be looked for; Prosody finds our port by its SRV record."""

    settings = (("  servers:\n", f"  servers:\n    tls-port: {DIRECT_TLS_PORT}\n"),)

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        hosts = cls.root / "hosts"
        hosts.write_text(f"127.0.0.1 localhost\n{OURS} paris.test\n{THEIRS} prosody.test\n")
        cls.peer = cls.begin(Prosody(
            cls.root / "prosody", "prosody.test", THEIRS, hosts, cls.authority, [("romeo", "secret")],
            settings=f"s2s_ports = {{}}\ns2s_direct_tls_ports = {{ {DIRECT_TLS_PORT} }}",
            record=f"_xmpps-server._tcp.paris.test. 60 IN SRV 0 0 {DIRECT_TLS_PORT} paris.test."))
        cls.begin_site(OURS, THEIRS, server_port=free_port(OURS), their_port=f"{DIRECT_TLS_PORT},tls")


# Nothing listens there.
NOWHERE = "127.0.31.9"


class ProsodyBothWaysTests(Workspace):
    """XEP-0288: each side in turn cannot be connected to, and gets its answers on the stream that it opened."""

    def meet(self, name, prosody_looks_at, site_looks_at):
        root = self.root / name
        root.mkdir()
        root.chmod(0o755)
        hosts = root / "hosts"
        hosts.write_text(f"127.0.0.1 localhost\n{prosody_looks_at} paris.test\n{THEIRS} prosody.test\n")

        def begin(thing):
            self.addCleanup(thing.close if hasattr(thing, "close") else thing.stop)
            return thing

        begin(Prosody(root / "prosody", "prosody.test", THEIRS, hosts, self.authority, [("romeo", "secret")],
                      modules=["s2s_bidi"]))
        site = begin(Tradewind(root, "paris.test", self.authority, OURS, server_port=5269,
                               routes=[f"prosody.test={site_looks_at}:5269"]))
        site.perform("account", "create", "alice", "password=correct-horse")
        romeo = begin(Client("romeo@prosody.test", "secret", THEIRS, 5222, self.authority))
        alice = begin(Client("alice@paris.test", "correct-horse", OURS, site.client_port, self.authority))
        return romeo, alice

    def chat(self, first, second):
        for number in range(5):
            first.say(second.jid, f"question {number}")
            second.hear(first.jid, f"question {number}")
            second.say(first.jid, f"answer {number}")
            first.hear(second.jid, f"answer {number}")

    def test_prosody_answers_on_the_stream_that_we_opened(self):
        romeo, alice = self.meet("ours", prosody_looks_at=NOWHERE, site_looks_at=THEIRS)
        self.chat(alice, romeo)

    def test_we_answer_on_the_stream_that_prosody_opened(self):
        romeo, alice = self.meet("theirs", prosody_looks_at=OURS, site_looks_at=NOWHERE)
        self.chat(romeo, alice)


if __name__ == "__main__":
    unittest.main()
