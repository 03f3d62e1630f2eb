"""Server-to-server with a real Prosody, both ways."""
import unittest

from tradewind_interop.prosody import Prosody
from tradewind_interop.server_to_server import ServerToServer
from tradewind_interop.workspace import Workspace

OURS, THEIRS = "127.0.31.5", "127.0.31.2"


class ProsodyTests(ServerToServer, Workspace):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        hosts = cls.root / "hosts"
        hosts.write_text(f"127.0.0.1 localhost\n{OURS} paris.test\n{THEIRS} prosody.test\n")
        cls.peer = cls.begin(Prosody(
            cls.root / "prosody", "prosody.test", THEIRS, hosts, cls.authority, [("romeo", "secret")]))
        cls.begin_site(OURS, THEIRS)


if __name__ == "__main__":
    unittest.main()
