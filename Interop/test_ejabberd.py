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


if __name__ == "__main__":
    unittest.main()
