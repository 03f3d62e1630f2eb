"""A real client library (slixmpp) does an admin's day: log in, ask for help, place, watch, stop."""
import unittest

import slixmpp

from tradewind_interop.client import Client
from tradewind_interop.tradewind import Tradewind, join
from tradewind_interop.waiting import wait_until
from tradewind_interop.workspace import Workspace


class ClientLibraryTests(Workspace):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        image = cls.root / "image.qcow2"
        image.write_bytes(b"the in-memory driver boots anything")
        cls.image = image
        cls.coordinator = cls.begin(Tradewind(
            cls.root, "coordinator.test", cls.authority, "127.0.33.1", server_port=5269,
            routes=["tokyo.test=127.0.33.2:5269"], driver="none", coordinator=True))
        cls.tokyo = cls.begin(Tradewind(
            cls.root, "tokyo.test", cls.authority, "127.0.33.2", server_port=5269,
            options=["--image-directory", str(cls.root)], routes=["coordinator.test=127.0.33.1:5269"]))
        join(cls.coordinator, cls.tokyo, "reservation,machine")
        for process in (cls.coordinator, cls.tokyo):
            process.perform("account", "create", "admin", "password=correct-horse")
        cls.admin = cls.begin(Client(
            "admin@coordinator.test", "correct-horse", "127.0.33.1", cls.coordinator.client_port, cls.authority))

    def reported(self):
        return any(site.get("capacity", {}).get("free", {}).get("vcpus") for site in self.coordinator.perform("site", "list"))

    def wait_for_replica(self, state):
        wait_until(lambda: self.tokyo.machines() == [("chatted-0", state)], 60, f"the replica is {state}",
                   self.tokyo.log)

    def known_states(self):
        """What the coordinator knows of the replicas."""
        return [r.get("state") for r in self.coordinator.perform("workload", "show", "chatted")["replicas"]]

    def test_help_shows_the_operations(self):
        answer = self.admin.ask("coordinator.test", "help")
        self.assertIn("workload", answer)
        self.assertIn("site", answer)

    def test_a_slip_of_the_pen_gets_a_hint(self):
        self.assertIn("workload list", self.admin.ask("coordinator.test", "workload lst"))

    def test_place_watch_and_remove_by_chat(self):
        wait_until(self.reported, 30, "tokyo.test reports its capacity", self.tokyo.log)
        say = f"workload place chatted image={self.image} memory=128M audience=tokyo.test"
        answer = self.admin.ask("coordinator.test", say, 60, lambda text: "placed" in text)
        self.assertIn("tokyo.test", answer)
        self.wait_for_replica("running")
        wait_until(lambda: self.known_states() == ["running"], 60, "its coordinator hears of it", self.coordinator.log)
        shown = self.admin.ask("coordinator.test", "workload show chatted", until=lambda text: "workload show" in text)
        self.assertIn("running", shown)
        for order, state in (("shutdown", "stopped"), ("start", "running")):
            self.admin.ask("coordinator.test", f"machine {order} chatted-0")
            self.wait_for_replica(state)
        # What comes first may be the answer to the order before.
        question = self.admin.ask("coordinator.test", "workload remove chatted", until=lambda text: "confirm" in text)
        code = next(word for line in question.splitlines() if "confirm" in line
                    for word in [line.split("confirm")[-1].split()[0].strip("“”.\"'`")])
        self.admin.ask("coordinator.test", f"confirm {code}", 60)
        wait_until(lambda: not self.tokyo.machines(), 60, "the machine is gone", self.tokyo.log)

    def test_a_form_lists_the_sites(self):
        wait_until(self.reported, 30, "tokyo.test reports its capacity", self.tokyo.log)

        async def run(xmpp):
            request = xmpp.make_iq_set(ito="coordinator.test")
            request["command"]["node"] = "site.list"
            request["command"]["action"] = "execute"
            return await request.send(timeout=20)

        answer = self.admin.call(run)
        self.assertEqual(answer["command"]["status"], "completed")
        self.assertIn("tokyo.test", str(answer))

    def test_a_wrong_password_is_refused(self):
        with self.assertRaisesRegex(AssertionError, "failed_auth"):
            Client("admin@coordinator.test", "wrong-horse", "127.0.33.1", self.coordinator.client_port,
                   self.authority)

    def test_another_user_sees_no_commands_and_may_do_nothing(self):
        self.coordinator.perform("account", "create", "guest", "password=correct-horse")
        guest = Client("guest@coordinator.test", "correct-horse", "127.0.33.1", self.coordinator.client_port,
                       self.authority)
        try:
            self.assertNotIn("tokyo.test", guest.ask("coordinator.test", "site list"))
            with self.assertRaises(slixmpp.exceptions.IqError):
                async def run(xmpp):
                    request = xmpp.make_iq_set(ito="coordinator.test")
                    request["command"]["node"] = "site.list"
                    return await request.send(timeout=20)
                guest.call(run)
        finally:
            guest.close()


if __name__ == "__main__":
    unittest.main()
