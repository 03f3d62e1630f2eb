"""A real client library (slixmpp) follows what happens to workloads: each user their own, and nobody another's."""
import unittest

from slixmpp.exceptions import IqError

from tradewind_interop.feed import Feed
from tradewind_interop.tradewind import Tradewind
from tradewind_interop.waiting import wait_until
from tradewind_interop.workspace import Workspace

SITE, ADDRESS = "both.test", "127.0.58.1"
VALUE = "{urn:tradewind:operation:1}"


def member(record, name):
    """A member of a record, whatever its type."""
    for field in record.iterfind(f"{VALUE}field"):
        if field.get("name") == name:
            return field[0]
    raise AssertionError(f"there is no {name}")


class WorkloadFeedTests(Feed, Workspace):
    node = "urn:tradewind:workloads:1"
    payload = f"{VALUE}record"

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.image = cls.root / "image.qcow2"
        cls.image.write_bytes(b"the in-memory driver boots anything")
        cls.site = cls.begin(Tradewind(
            cls.root, SITE, cls.authority, ADDRESS, coordinator=True,
            options=["--image-directory", str(cls.root)]))
        for name in ("alice", "bob", "ops", "guest"):
            cls.site.perform("account", "create", name, "password=correct-horse")
        for name in ("alice", "bob"):
            cls.site.perform("grant", "add", f"{name}@{SITE}", "permissions=workload", "scope=own")
        cls.site.perform("grant", "add", f"ops@{SITE}", "permissions=workload.events")
        wait_until(lambda: any(site.get("capacity", {}).get("free", {}).get("vcpus")
                               for site in cls.site.perform("site", "list")),
                   40, "the site knows its capacity", cls.site.log)

    @staticmethod
    def gist(element):
        event = member(element, "event")
        return member(element, "name").text, member(element, "owner").text, member(event, "kind").text

    def test_each_is_told_of_his_own_workloads_and_an_operator_of_all(self):
        clients = {name: self.log_in(name) for name in ("alice", "bob", "ops")}
        for client, _ in clients.values():
            client.call(self.follow)
        for name in ("alice", "bob"):
            clients[name][0].ask(SITE, f"workload place {name}s image={self.image} memory=64M disk=64M", 60)
        for name in ("alice", "bob"):
            mine = clients[name][1]
            wait_until(lambda: (f"{name}s", f"{name}@{SITE}", "running") in mine, 60, f"{name} is told", self.site.log)
        everything = clients["ops"][1]
        wait_until(lambda: {name for name, _, kind in everything if kind == "running"} == {"alices", "bobs"}, 60,
                   "the operator is told of both", self.site.log)
        for name in ("alice", "bob"):
            self.assertEqual({owner for _, owner, _ in clients[name][1]}, {f"{name}@{SITE}"})
        with self.assertRaises(IqError) as refused:
            clients["ops"][0].call(self.read)
        self.assertEqual(refused.exception.condition, "feature-not-implemented")

    def test_who_has_no_grant_does_not_see_the_node(self):
        guest, _ = self.log_in("guest")
        with self.assertRaises(IqError) as refused:
            guest.call(self.follow)
        self.assertEqual(refused.exception.condition, "forbidden")


if __name__ == "__main__":
    unittest.main()
