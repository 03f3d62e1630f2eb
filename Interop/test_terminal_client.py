"""A real terminal client (profanity, in a terminal multiplexer) does what an admin would type."""
import re
import unittest

from tradewind_interop.terminal import Terminal
from tradewind_interop.tradewind import Tradewind, join
from tradewind_interop.waiting import wait_until
from tradewind_interop.workspace import Workspace


# The client may break the line anywhere between its words.
QUESTION = re.compile(r"To\s+do\s+it,\s+write\s+within\s+\d+\s+s:\s+confirm\s+([2-9a-z]{4})\b")


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
        terminal.wait_for("typed: placed", 60)
        self.wait_for_replica("running", terminal)
        wait_until(lambda: self.known_states() == ["running"], 60, "its coordinator hears of it", terminal.screen)
        terminal.type("workload show typed")
        # The answer is headed by what was asked.
        wait_until(lambda: "running" in terminal.screen().partition("coordinator.test: workload show")[2], 60,
                   "it is shown as running", terminal.screen)
        for order, state in (("shutdown", "stopped"), ("start", "running")):
            terminal.type(f"machine {order} typed-0")
            self.wait_for_replica(state, terminal)
        terminal.type("workload remove typed")
        question = wait_until(lambda: QUESTION.search(terminal.screen()), 60, "the question comes", terminal.screen)
        terminal.type(f"confirm {question.group(1)}")
        wait_until(lambda: not self.tokyo.machines(), 30, "the machine is gone", terminal.screen)

    def wait_for_replica(self, state, terminal):
        wait_until(lambda: self.tokyo.machines() == [("typed-0", state)], 30, f"the replica is {state}",
                   terminal.screen)

    def known_states(self):
        """What the coordinator knows of the replicas."""
        return [r.get("state") for r in self.coordinator.perform("workload", "show", "typed")["replicas"]]

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
