"""A client of Debian's Prosody that would tell its allies more than 10 kB/s: commands are answered all the same."""
import threading
import time
import unittest

from tradewind_interop.attachment import PASSWORD, SERVER
from tradewind_interop.client import Client
from tradewind_interop.prosody import Prosody
from tradewind_interop.relay import Relay
from tradewind_interop.tradewind import Tradewind, join
from tradewind_interop.waiting import wait_until
from tradewind_interop.workspace import Workspace

NETWORK = "127.0.46"
THEIRS, RELAY = f"{NETWORK}.2", f"{NETWORK}.3"
SITE = f"paris@{SERVER}"
# One coordinator and more sites, each of which every new row goes to.
ALLIES = {"tokyo.test": f"{NETWORK}.1", "osaka.test": f"{NETWORK}.4", "kyoto.test": f"{NETWORK}.5",
          "nara.test": f"{NETWORK}.6"}
# What a site says about itself and is nearly the most that a row may hold.
LABELS = [f"label-{number:02}:{'x' * 40}" for number in range(50)]
# How fast the site speaks at most, and what may go at once, as the manual says.
RATE, BURST = 9_000, 18_000
LOAD_SECONDS = 30
# One person gets 30 answers a minute by chat; what comes beyond that is passed over on any link.
CHAT_SECONDS = 2.5
ANSWER_SECONDS = 4
# A pause of this machine spoils one look, a fault of ours all of them.
LOOKS = 3


class LimitedLinkTests(Workspace):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        (cls.root / "password").write_text(f"{PASSWORD}\n")
        (cls.root / "image.qcow2").write_bytes(b"the in-memory driver boots anything")
        hosts = cls.root / "hosts"
        hosts.write_text("127.0.0.1 localhost\n" + f"{THEIRS} {SERVER}\n" + "".join(
            f"{address} {domain}\n" for domain, address in ALLIES.items()))
        cls.server = cls.begin(Prosody(
            cls.root / "prosody", SERVER, THEIRS, hosts, cls.authority,
            [(name, PASSWORD) for name in ("paris", "romeo")], has_limits=True))
        cls.relay = cls.begin(Relay(RELAY, 5222, (THEIRS, 5222)))
        cls.allies = [
            cls.begin(Tradewind(
                cls.root, domain, cls.authority, address, server_port=5269, driver="none", coordinator=True,
                routes=[f"{SERVER}={THEIRS}:5269"]))
            for domain, address in ALLIES.items()]
        labels = "site:\n  labels:\n" + "".join(f"    - {label}\n" for label in LABELS)
        cls.paris = cls.begin(Tradewind(
            cls.root, SITE, cls.authority, admin=f"romeo@{SERVER}", options=["--image-directory", str(cls.root)],
            settings=[("site:\n", labels)], attachment=[
                "--client", SITE, "--secret-file", str(cls.root / "password"), "--connect", f"{RELAY}:5222",
                "--ca", str(cls.authority.directory)]))
        cls.romeo = cls.begin(Client(f"romeo@{SERVER}", PASSWORD, THEIRS, 5222, cls.authority))
        for ally in cls.allies:
            join(ally, cls.paris, "reservation,machine")

    def seconds(self, ask):
        began = time.monotonic()
        ask()
        return time.monotonic() - began

    def look(self):
        """Fills the link for a while: what was not as fast as it must be, and the figures."""
        tokyo = self.allies[0]
        done = threading.Event()
        changes = []

        def change():
            while not done.is_set():
                for words in (("site", "drain"), ("site", "open")):
                    self.paris.perform(*words)
                    changes.append(words)

        changing = threading.Thread(target=change)
        began, before = time.monotonic(), self.relay.bytes_up
        changing.start()
        chat, commands = [], []
        try:
            while time.monotonic() < began + LOAD_SECONDS:
                if time.monotonic() >= began + len(chat) * CHAT_SECONDS:
                    chat.append(self.seconds(lambda: self.romeo.ask(SITE, "machine list")))
                commands.append(self.seconds(lambda: tokyo.perform("machine", "list", f"at={SITE}")))
        finally:
            done.set()
            changing.join()
        seconds, sent = time.monotonic() - began, self.relay.bytes_up - before
        told = f"{len(changes)} changes, {sent} bytes in {seconds:.1f} s, chat {chat}, commands {commands}"
        # TLS adds a little to what is counted.
        self.assertLess(sent, 1.1 * (BURST + RATE * seconds), told)
        self.assertEqual(self.relay.connections, 1, "the link was lost")
        faults = [fault for fault, is_there in (
            ("chat was slow", max(chat) >= ANSWER_SECONDS),
            ("commands were slow", max(commands) >= ANSWER_SECONDS),
            ("the link was not full", sent <= 0.8 * RATE * seconds)) if is_there]
        return faults, told

    def test_commands_are_answered_while_rows_fill_the_link(self):
        tokyo = self.allies[0]
        for number in range(LOOKS):
            if number > 0:
                # What waits from the last look goes first.
                threading.Event().wait(2 * BURST / RATE)
            faults, told = self.look()
            if not faults:
                break
        self.assertFalse(faults, told)
        self.paris.perform("site", "open")
        wait_until(lambda: any(site["site"] == SITE and site.get("policy") == "open"
                               and site.get("capacity", {}).get("free", {}).get("vcpus")
                               for site in tokyo.perform("site", "list")), 30, "the last row came", tokyo.log)
        tokyo.perform("workload", "place", "web", f"image={self.root}/image.qcow2", "memory=128M", f"audience={SITE}")
        wait_until(lambda: [m["state"] for m in self.paris.perform("machine", "list")] == ["running"], 30,
                   "a workload gets through", self.paris.log)


if __name__ == "__main__":
    unittest.main()
