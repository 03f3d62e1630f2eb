"""One federation of everything: a coordinator and a site that are clients of ejabberd, a component of Prosody, a server."""
import unittest

from tradewind_interop import page
from tradewind_interop.attachment import PASSWORD, SERVER
from tradewind_interop.client import Client
from tradewind_interop.ejabberd import Ejabberd
from tradewind_interop.prosody import Prosody
from tradewind_interop.tradewind import Tradewind, join
from tradewind_interop.waiting import wait_until
from tradewind_interop.workspace import Workspace

OURS, PROSODY, EJABBERD = "127.0.39.1", "127.0.39.2", "127.0.39.3"
ADMIN = "romeo@ejabberd.test"
PLANNER = "planner@ejabberd.test"


class MixedFederationTests(Workspace):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        (cls.root / "secret").write_text(f"{page.SECRET}\n")
        (cls.root / "password").write_text(f"{PASSWORD}\n")
        (cls.root / "image.qcow2").write_bytes(b"the in-memory driver boots anything")
        hosts = cls.root / "hosts"
        hosts.write_text(
            f"127.0.0.1 localhost\n{OURS} tokyo.test\n{PROSODY} {SERVER} paris.{SERVER}\n{EJABBERD} ejabberd.test\n")
        cls.begin(Prosody(
            cls.root / "prosody", SERVER, PROSODY, hosts, cls.authority, section=page.prosody_component(),
            has_limits=True))
        cls.begin(Ejabberd(
            cls.root / "ejabberd", "ejabberd.test", EJABBERD, hosts, cls.authority,
            [(name, PASSWORD) for name in ("planner", "rome", "romeo")]))
        images = ["--image-directory", str(cls.root)]
        cls.paris = cls.begin(Tradewind(
            cls.root, f"paris.{SERVER}", cls.authority, admin=ADMIN, options=images, attachment=[
                "--domain", f"paris.{SERVER}", "--component", f"{PROSODY}:5347", "--secret-file",
                str(cls.root / "secret")]))
        cls.tokyo = cls.begin(Tradewind(
            cls.root, "tokyo.test", cls.authority, OURS, server_port=5269, admin=ADMIN, options=images,
            routes=[f"{SERVER}={PROSODY}:5269", f"paris.{SERVER}={PROSODY}:5269", f"ejabberd.test={EJABBERD}:5269"]))
        cls.rome = cls.begin_client("rome@ejabberd.test", options=images)
        cls.planner = cls.begin_client(PLANNER, driver="none", coordinator=True)
        cls.romeo = cls.begin(Client(ADMIN, PASSWORD, EJABBERD, 5222, cls.authority))
        cls.sites = (cls.paris, cls.tokyo, cls.rome)
        for site in cls.sites:
            join(cls.planner, site, "reservation,machine")
        for one, other in ((cls.paris, cls.tokyo), (cls.tokyo, cls.rome), (cls.rome, cls.paris)):
            join(one, other, "machine")

    @classmethod
    def begin_client(cls, account, **others):
        return cls.begin(Tradewind(
            cls.root, account, cls.authority, admin=ADMIN, attachment=[
                "--client", account, "--secret-file", str(cls.root / "password"), "--connect",
                f"{EJABBERD}:5222", "--ca", str(cls.authority.directory)], **others))

    def capacity(self):
        return {site["site"] for site in self.planner.perform("site", "list")
                if site.get("capacity", {}).get("free", {}).get("vcpus")}

    @staticmethod
    def states(site):
        return dict(site.machines())

    def test_a_workload_is_spread_over_all_sites_stopped_started_and_removed(self):
        wait_until(lambda: len(self.capacity()) == 3, 30, "all sites tell of their capacity", self.planner.log)
        self.planner.perform(
            "workload", "place", "mixed", f"image={self.root}/image.qcow2", "memory=128M", "replicas=3",
            "per-site=1", f"audience=paris.{SERVER}")
        replicas = self.planner.perform("workload", "show", "mixed")["replicas"]
        names = {replica["site"]: f"mixed-{replica['index']}" for replica in replicas}
        self.assertEqual(sorted(names), sorted(site.domain for site in self.sites))
        for site in self.sites:
            name = names[site.domain]
            wait_until(lambda: self.states(site) == {name: "running"}, 30, f"one machine runs at {site.domain}",
                       site.log)
            self.planner.perform("machine", "shutdown", name)
            wait_until(lambda: self.states(site) == {name: "stopped"}, 30, f"it stops at {site.domain}", site.log)
            self.assertIn("stopped", self.romeo.ask(site.domain, "machine list", until=lambda text: name in text))
            self.planner.perform("machine", "start", name)
            wait_until(lambda: self.states(site) == {name: "running"}, 30, f"it runs again at {site.domain}",
                       site.log)
        self.planner.perform("workload", "remove", "mixed")
        for site in self.sites:
            wait_until(lambda: not self.states(site), 30, f"{site.domain} is empty", site.log)

    def test_every_site_answers_in_chat(self):
        for site in self.sites:
            self.assertIn("machine", self.romeo.ask(site.domain, "help"))
            self.assertIn(site.domain, self.romeo.ask(site.domain, "machine list"))

    def test_every_site_offers_forms(self):
        for site in self.sites:
            answer = self.romeo.command(site.entity, "site.list")
            self.assertEqual(answer["command"]["status"], "completed")
            told = str(answer)
            for other in (PLANNER, *(other.domain for other in self.sites if other is not site)):
                self.assertIn(other, told)

    def test_every_site_commands_every_other(self):
        for asker in self.sites:
            for asked in self.sites:
                if asked is not asker:
                    self.assertEqual(asker.perform("machine", "list", f"at={asked.domain}"), [])

    def test_the_coordinator_is_reached_by_chat_at_its_account(self):
        answer = self.romeo.ask(PLANNER, "site list")
        for site in self.sites:
            self.assertIn(site.domain, answer)


if __name__ == "__main__":
    unittest.main()
