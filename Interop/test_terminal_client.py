"""A real terminal client (profanity, in a terminal multiplexer) does what an admin would type."""
import unittest

from tradewind_interop.terminal import Terminal
from tradewind_interop.tradewind import Tradewind, join
from tradewind_interop.waiting import wait_until
from tradewind_interop.workspace import Workspace


class TerminalClientTests(Workspace):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.image = cls.root / "image.qcow2"
        cls.image.write_bytes(b"the in-memory driver boots anything")
        cls.coordinator = cls.begin(Tradewind(
            cls.root, "coordinator.test", cls.authority, "127.0.34.1", server_port=5269,
            routes=["tokyo.test=127.0.34.2:5269"], driver="none", coordinator=True))
        cls.tokyo = cls.begin(Tradewind(
            cls.root, "tokyo.test", cls.authority, "127.0.34.2", server_port=5269,
            options=["--image-directory", str(cls.root)], routes=["coordinator.test=127.0.34.1:5269"]))
        join(cls.coordinator, cls.tokyo, "reservation,machine")
        cls.coordinator.perform("account", "create", "admin", "password=correct-horse")

    def test_log_in_help_place_watch_remove(self):
        wait_until(lambda: any(site.get("capacity", {}).get("free", {}).get("vcpus") for site in self.coordinator.perform("site", "list")),
                   30, "tokyo.test reports its capacity", self.tokyo.log)
        home = self.root / "home"
        profrc = home / ".config" / "profanity" / "profrc"
        profrc.parent.mkdir(parents=True)
        profrc.write_text(f"[tls]\ncertpath={self.authority.directory}\n")
        terminal = self.begin(Terminal("profanity", "profanity", {
            "HOME": str(home), "SSL_CERT_FILE": str(self.authority.certificate), "LANG": "C.UTF-8", "TERM": "screen"}))
        terminal.wait_for("Profanity")
        terminal.type(f"/connect admin@coordinator.test server 127.0.34.1 port {self.coordinator.client_port}")
        terminal.wait_for("password")
        terminal.type("correct-horse")
        self.trust(terminal)
        terminal.wait_for("logged in successfully")
        terminal.type("/msg coordinator.test help")
        terminal.wait_for("workload")
        terminal.type(f"workload place typed image={self.image} memory=128M audience=tokyo.test")
        terminal.wait_for("placed", 60)
        wait_until(lambda: self.tokyo.perform("machine", "list")[0]["state"] == "running", 30, "the replica runs")
        terminal.type("workload show typed")
        terminal.wait_for("running")
        for order, state in (("shutdown", "stopped"), ("start", "running")):
            terminal.type(f"machine {order} typed-0")
            wait_until(lambda: self.tokyo.perform("machine", "list")[0]["state"] == state, 30,
                       f"the machine is {state}", terminal.screen)
        terminal.type("workload remove typed")
        terminal.wait_for("confirm ")
        code = terminal.screen().rsplit("confirm ", 1)[1].split()[0].strip("“”.\"'`")
        terminal.type(f"confirm {code}")
        wait_until(lambda: not self.tokyo.perform("machine", "list"), 30, "the machine is gone", terminal.screen)

    @staticmethod
    def trust(terminal):
        """Profanity asks about a private authority even if it is in its folder; a person would say yes."""
        screen = wait_until(
            lambda: next((s for s in [terminal.screen()] if "logged in" in s or "/tls allow" in s), None),
            20, "profanity connects", terminal.screen)
        if "logged in" not in screen:
            terminal.type("/tls allow")


if __name__ == "__main__":
    unittest.main()
