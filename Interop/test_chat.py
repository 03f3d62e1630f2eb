"""How the agent and the coordinator behave in a chat when they are their own server."""
import unittest

from tradewind_interop.manners import Manners
from tradewind_interop.tradewind import Tradewind, join
from tradewind_interop.workspace import Workspace

HERE = "127.0.43.1"
THERE = "127.0.43.2"
AGENT = "paris.test"


class ChatTests(Manners, Workspace):
    admin, guest = f"romeo@{AGENT}", f"guest@{AGENT}"
    password = "correct-horse"
    client_address = HERE
    room = f"ops@rooms.{AGENT}"
    strips_copies, people_stay = True, False

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.image = cls.root / "image.qcow2"
        cls.image.write_bytes(b"the in-memory driver boots anything")
        images = ["--image-directory", str(cls.root)]
        cls.paris = cls.begin(Tradewind(
            cls.root, AGENT, cls.authority, HERE, server_port=5269, coordinator=True, admin="romeo", options=images,
            routes=[f"tokyo.test={THERE}:5269"]))
        cls.client_port = cls.paris.client_port
        cls.tokyo = cls.begin(Tradewind(
            cls.root, "tokyo.test", cls.authority, THERE, server_port=5269, options=images,
            routes=[f"{AGENT}={HERE}:5269"]))
        join(cls.paris, cls.tokyo, "reservation,machine")
        for name in ("romeo", "guest"):
            cls.paris.perform("account", "create", name, f"password={cls.password}")


if __name__ == "__main__":
    unittest.main()
