"""Server-to-server with a real ejabberd, both ways."""
import unittest

from tradewind_interop.ejabberd import Ejabberd
from tradewind_interop.server_to_server import ServerToServer
from tradewind_interop.workspace import Workspace

OURS, THEIRS = "127.0.32.5", "127.0.32.2"


class EjabberdTests(ServerToServer, Workspace):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        hosts = cls.root / "hosts"
        hosts.write_text(f"127.0.0.1 localhost\n{OURS} paris.test\n{THEIRS} ejabberd.test\n")
        cls.peer = cls.begin(
            Ejabberd(cls.root / "ejabberd", "ejabberd.test", THEIRS, hosts, cls.authority,
                     [("romeo", "secret")]))
        cls.begin_site(OURS, THEIRS)


class EjabberdWithoutClientUsageTests(ServerToServer, Workspace):
    """ejabberd 23.01 refuses EXTERNAL from a certificate for servers only: then dialback proves our domain."""

    settings = (("coordinator:\n", "federation:\n  peers:\n    ejabberd.test: dialback\ncoordinator:\n"),)

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        hosts = cls.root / "hosts"
        hosts.write_text(f"127.0.0.1 localhost\n{OURS} paris.test\n{THEIRS} ejabberd.test\n")
        cls.peer = cls.begin(
            Ejabberd(cls.root / "ejabberd", "ejabberd.test", THEIRS, hosts, cls.authority,
                     [("romeo", "secret")]))
        cls.begin_site(OURS, THEIRS, usages="serverAuth")

    def test_the_refusal_is_told_and_remembered(self):
        self.alice.say(self.romeo.jid, "art thou there?")
        self.romeo.hear("alice@paris.test", "art thou there?")
        log = (self.site.directory / "log").read_text(errors="replace")
        self.assertEqual(log.count("another server does not take our certificate"), 1)


if __name__ == "__main__":
    unittest.main()
