"""`tradewind doctor`: a real Prosody and a real ejabberd that are well, and what is said when something is not."""
import subprocess
import unittest

from tradewind_interop.client import Client
from tradewind_interop.ejabberd import Ejabberd
from tradewind_interop.prosody import Prosody
from tradewind_interop.tradewind import EXECUTABLE, LOOK_SECONDS, Tradewind
from tradewind_interop.waiting import wait_until
from tradewind_interop.workspace import Workspace

OURS, PROSODY, EJABBERD, NOBODY = "127.0.37.5", "127.0.37.2", "127.0.37.3", "127.0.37.9"


class DoctorTests(Workspace):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        hosts = cls.root / "hosts"
        hosts.write_text(
            f"127.0.0.1 localhost\n{OURS} paris.test\n{PROSODY} prosody.test\n{EJABBERD} ejabberd.test\n")
        cls.prosody = cls.begin(Prosody(
            cls.root / "prosody", "prosody.test", PROSODY, hosts, cls.authority, [("romeo", "secret")]))
        cls.ejabberd = cls.begin(Ejabberd(
            cls.root / "ejabberd", "ejabberd.test", EJABBERD, hosts, cls.authority))
        cls.site = cls.begin(Tradewind(
            cls.root, "paris.test", cls.authority, OURS, server_port=5269,
            routes=[f"prosody.test={PROSODY}:5269", f"ejabberd.test={EJABBERD}:5269",
                    f"nobody.test={NOBODY}:5269"]))
        cls.site.perform("account", "create", "alice", "password=correct-horse")

    def is_well(self, seen):
        for subject in ("route", "port", "encryption", "authentication", "round trip", "clock"):
            self.assertEqual(seen[subject]["verdict"], "ok", seen)
        # The certificates of these tests count for two days.
        self.assertEqual(seen["certificate"]["verdict"], "warning", seen)
        self.assertIn("1 day left", seen["certificate"]["seen"])

    def test_a_prosody_that_is_well(self):
        def check(seen):
            self.is_well(seen)
            self.assertIn("EXTERNAL", seen["authentication"]["seen"])
            self.assertIn("Prosody", seen["software"]["seen"])

        self.site.examine("prosody.test", code=0, check=check)

    def test_an_ejabberd_that_is_well(self):
        def check(seen):
            self.is_well(seen)
            self.assertIn("ejabberd", seen["software"]["seen"])

        self.site.examine("ejabberd.test", code=0, check=check)

    def test_a_peer_that_is_stopped(self):
        def check(seen):
            self.assertEqual(seen["port"]["seen"], "nobody listens there (connection refused)")
            self.assertIn("server running", seen["port"]["cure"])
            self.assertEqual(seen["round trip"]["verdict"], "fault")

        self.site.examine("nobody.test", code=1, check=check)

    def test_the_site_itself(self):
        def check(seen):
            self.assertEqual(seen["certificate"]["verdict"], "warning", seen)
            for subject in ("port", "encryption", "database", "hypervisor"):
                self.assertEqual(seen[subject]["verdict"], "ok", seen)

        self.site.examine(code=0, check=check)

    def test_as_an_operation_in_chat_and_for_people(self):
        self.site.perform("grant", "add", "alice@paris.test", "permissions=site.check")
        alice = self.begin(
            Client("alice@paris.test", "correct-horse", OURS, self.site.client_port, self.authority))

        def is_told():
            alice.say("paris.test", "site check nobody.test")
            try:
                return wait_until(lambda: any("nobody listens there" in body for _, body in alice.bodies), 30,
                                  "an answer")
            except AssertionError:
                return False

        wait_until(is_told, 120, "the agent says what it found", lambda: str(alice.bodies))
        done = wait_until(self.shown_to_people, 120, "the port is at fault", pause=LOOK_SECONDS)
        self.assertIn("nobody.test, seen from paris.test", done.stdout)
        self.assertNotIn("\x1b", done.stdout)
        self.assertIn("looking at", done.stderr)

    def shown_to_people(self):
        """What the doctor prints about the peer that is stopped; none if it found something else."""
        done = subprocess.run(
            [EXECUTABLE, "doctor", "nobody.test", "--config", str(self.site.configuration)],
            capture_output=True, text=True, timeout=120)
        return done if done.returncode == 1 and "✗ port" in done.stdout else None

    def test_nobody_may_send_us_to_strangers_without_a_grant(self):
        self.site.perform("account", "create", "mallory", "password=correct-horse")
        mallory = self.begin(
            Client("mallory@paris.test", "correct-horse", OURS, self.site.client_port, self.authority))
        self.assertIn("no grant", mallory.ask("paris.test", "site check nobody.test"))


class WithoutAnAgentTests(Workspace):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        hosts = cls.root / "hosts"
        hosts.write_text(f"127.0.0.1 localhost\n{PROSODY} prosody.test\n")
        cls.prosody = cls.begin(Prosody(cls.root / "prosody", "prosody.test", PROSODY, hosts, cls.authority))
        cls.site = Tradewind(
            cls.root, "paris.test", cls.authority, OURS, server_port=5269,
            routes=[f"prosody.test={PROSODY}:5269"])
        cls.site.stop()

    def test_what_can_be_seen_without_an_agent(self):
        def check(seen):
            self.assertEqual(seen["agent"]["verdict"], "fault")
            self.assertIn("tradewind serve", seen["agent"]["cure"])
            self.assertEqual(seen["port"]["verdict"], "fault")
            self.assertEqual(seen["database"]["verdict"], "ok")
            self.assertEqual(seen["hypervisor"]["verdict"], "skipped")

        self.site.examine(code=1, check=check)

    def test_a_peer_without_an_agent(self):
        def check(seen):
            for subject in ("port", "encryption", "authentication"):
                self.assertEqual(seen[subject]["verdict"], "ok", seen)
            self.assertEqual(seen["round trip"]["verdict"], "skipped")

        self.site.examine("prosody.test", code=1, check=check)

    def test_a_configuration_that_cannot_be_read(self):
        broken = self.root / "broken.yaml"
        broken.write_text("site: 3\n")
        done = subprocess.run(
            [EXECUTABLE, "doctor", "--config", str(broken)], capture_output=True, text=True, timeout=60)
        self.assertNotEqual(done.returncode, 0)


if __name__ == "__main__":
    unittest.main()
