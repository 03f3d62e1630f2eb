"""A real client library (slixmpp) follows the states of machines; who has no grant does not."""
import unittest

from slixmpp.exceptions import IqError

from tradewind_interop.feed import Feed
from tradewind_interop.tradewind import Tradewind
from tradewind_interop.waiting import wait_until
from tradewind_interop.workspace import Workspace

SITE, ADDRESS = "feed.test", "127.0.38.1"


class MachineFeedTests(Feed, Workspace):
    node = "urn:tradewind:machines:1"
    payload = "{urn:tradewind:federation:1}machine"

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.image = cls.root / "image.qcow2"
        cls.image.write_bytes(b"the in-memory driver boots anything")
        cls.site = cls.begin(Tradewind(
            cls.root, SITE, cls.authority, ADDRESS, options=["--image-directory", str(cls.root)]))
        for name in ("ops", "guest"):
            cls.site.perform("account", "create", name, "password=correct-horse")
        cls.site.perform("grant", "add", f"ops@{SITE}", "permissions=machine.list")
        # May command its own machines, and therefore not see those of others.
        cls.site.perform("grant", "add", f"guest@{SITE}", "permissions=machine", "scope=own")

    @staticmethod
    def gist(element):
        return element.get("id"), element.get("state")

    def test_states_are_told_and_kept_for_those_who_may_list_machines(self):
        ops, told = self.log_in("ops")
        ops.call(self.follow)
        made = self.site.perform("machine", "create", "name=web-1", "vcpus=1", "memory=64M", "disk=64M",
                                 f"image={self.image}")
        machine = made["id"]
        wait_until(lambda: (machine, "running") in told, 20, "ops is told that the machine runs", lambda: str(told))
        states = {item["id"]: item["payload"].get("state") for item in ops.call(self.read)}
        self.assertEqual(states[machine], "running")
        self.site.perform("machine", "force-off", "web-1")
        wait_until(lambda: (machine, "stopped") in told, 20, "ops is told that it stopped", lambda: str(told))
        self.site.perform("grant", "remove", f"ops@{SITE}", "permissions=machine.list")
        heard = len(told)
        self.site.perform("machine", "start", "web-1")
        with self.assertRaises(IqError) as refused:
            ops.call(self.read)
        self.assertEqual(refused.exception.condition, "forbidden")
        self.assertEqual(len(told), heard)

    def test_who_sees_only_his_own_machines_is_refused(self):
        guest, _ = self.log_in("guest")
        for request in (self.follow, self.read):
            with self.assertRaises(IqError) as refused:
                guest.call(request)
            self.assertEqual(refused.exception.condition, "forbidden")

    def test_the_site_lists_the_node(self):
        ops, _ = self.log_in("ops")

        async def run(xmpp):
            items = await xmpp["xep_0030"].get_items(jid=SITE, timeout=20)
            return [node for _, node, _ in items["disco_items"]["items"]]
        self.assertIn(self.node, ops.call(run))


if __name__ == "__main__":
    unittest.main()
