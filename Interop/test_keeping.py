"""A workload stays at its replicas: what dies is started again, what drains is emptied, what is lost is replaced."""
import os
import time
import unittest

from tradewind_interop import guest
from tradewind_interop.tradewind import Tradewind, join
from tradewind_interop.waiting import wait_until
from tradewind_interop.workspace import Workspace

NETWORK = "127.0.47"
PLACES = {"paris.test": (48.86, 2.35), "tokyo.test": (35.68, 139.69), "osaka.test": (34.69, 135.50)}
ADDRESSES = {domain: f"{NETWORK}.{number}" for number, domain in enumerate([*PLACES, "coordinator.test"], 1)}
# The shortest there is.
LEASE_SECONDS = 10
# What a coordinator waits for besides: a tenth, and 5 s in which the site stops the machine.
MARGIN_SECONDS = LEASE_SECONDS / 10 + 5
# The site's load is that of this machine, which is busy with more than its guests.
NEVER_HOT = [("  driver: libvirt\n", "  driver: libvirt\n  hot:\n    cpu: 0\n    io-pressure: 0\n")]
# How long what has been stopped is watched: for several of the coordinator's looks.
STAYS_SECONDS = 10


class KeepingTests(Workspace):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        guest.prepare()
        cls.coordinator = cls.begin_process("coordinator.test", driver="none", coordinator=True)
        cls.paris, cls.tokyo, cls.osaka = cls.sites = [
            cls.begin_process(
                domain, driver=driver, settings=settings, options=[
                    *options, f"--latitude={PLACES[domain][0]}", f"--longitude={PLACES[domain][1]}"])
            for domain, driver, settings, options in (
                ("paris.test", "libvirt", NEVER_HOT, guest.site_options()),
                ("tokyo.test", "memory", (), ["--image-directory", guest.FOLDER]),
                ("osaka.test", "memory", (), ["--image-directory", guest.FOLDER]))]
        for site in cls.sites:
            join(cls.coordinator, site, "reservation,machine")

    @classmethod
    def begin_process(cls, domain, **others):
        routes = [f"{other}={address}:5269" for other, address in ADDRESSES.items() if other != domain]
        return cls.begin(Tradewind(
            cls.root, domain, cls.authority, ADDRESSES[domain], server_port=5269, routes=routes, **others))

    def place(self, name, site, *options):
        """Places a workload near a site, where it then runs; returns when it was asked for."""
        wait_until(lambda: self.open_sites() == set(PLACES), 40, "all sites tell of their capacity",
                   self.coordinator.log)
        asked = time.monotonic()
        latitude, longitude = PLACES[site.domain]
        self.addCleanup(self.coordinator.perform, "workload", "remove", name)
        self.coordinator.perform(
            "workload", "place", name, *guest.words(name), "vcpus=1", f"audience={latitude}/{longitude}",
            "wait=running", *options)
        for replica in self.show(name)["replicas"]:
            self.assertEqual((replica["site"], replica["state"]), (site.domain, "running"))
        return asked

    def open_sites(self):
        return {site["site"] for site in self.coordinator.perform("site", "list")
                if site.get("capacity", {}).get("free", {}).get("vcpus") and site.get("policy") == "open"
                and site.get("reachability", "reachable") == "reachable"}

    def show(self, name):
        return self.coordinator.perform("workload", "show", name)

    def kinds(self, name):
        return [event["kind"] for event in self.show(name)["events"]]

    @staticmethod
    def running(site):
        return [m["specification"]["name"] for m in site.perform("machine", "list") if m["state"] == "running"]

    def log(self):
        return "".join(process.log() for process in (self.coordinator, *self.sites) if process.process)

    def test_a_guest_that_dies_is_started_again_where_it_is(self):
        self.place("web", self.paris)
        before = self.show("web")["replicas"]
        process = guest.process_of(self.paris, "web-0")
        os.kill(process, 9)
        wait_until(lambda: "restarting" in self.kinds("web"), 20, "it is started again", self.log)
        wait_until(lambda: guest.process_of(self.paris, "web-0") not in (None, process), 30, "there is a new process",
                   self.log)
        wait_until(lambda: self.show("web")["replicas"] == before, 30, "it runs, the same as before", self.log)
        kinds = self.kinds("web")
        self.assertEqual(kinds[-3:], ["failed", "restarting", "running"])

    def test_a_guest_that_its_owner_stops_stays_stopped(self):
        self.place("quiet", self.paris)
        # One that is not up yet does not hear its power button.
        wait_until(lambda: "GUEST READY" in str(self.paris.perform("machine", "console", "quiet-0")), 240,
                   "the guest is up", self.log)
        self.paris.perform("machine", "shutdown", "quiet-0")
        self.check_that_it_stays_stopped("quiet-0")
        self.paris.perform("machine", "start", "quiet-0")
        wait_until(lambda: self.state("quiet-0") == "running", 30, "it runs", self.log)
        self.paris.perform("machine", "force-off", "quiet-0")
        self.check_that_it_stays_stopped("quiet-0")
        self.assertNotIn("restarting", self.kinds("quiet"))

    def check_that_it_stays_stopped(self, machine):
        wait_until(lambda: self.state(machine) == "stopped", 60, "it has stopped", self.log)
        stopped = time.monotonic()

        def has_stayed():
            self.assertEqual(self.state(machine), "stopped", self.log())
            return time.monotonic() > stopped + STAYS_SECONDS

        wait_until(has_stayed, STAYS_SECONDS + 10, "it stays stopped", self.log)

    def state(self, machine):
        return self.paris.perform("machine", "show", machine)["state"]

    def test_a_site_that_drains_is_emptied_and_never_fewer_run(self):
        self.place("shop", self.tokyo, "replicas=2")
        names = sorted(self.running(self.tokyo))
        self.assertEqual(names, ["shop-0", "shop-1"])
        self.tokyo.perform("site", "drain")
        self.addCleanup(self.tokyo.perform, "site", "undrain")
        fewest = len(names)

        def is_empty():
            nonlocal fewest
            # The old site first: what has left it runs at the new one.
            here = self.running(self.tokyo)
            fewest = min(fewest, len({*here, *self.running(self.osaka), *self.running(self.paris)}))
            return self.tokyo.perform("machine", "list") == []

        wait_until(is_empty, 60, "tokyo.test is empty", self.log)
        self.assertEqual(fewest, 2)
        replicas = self.show("shop")["replicas"]
        self.assertEqual([r["epoch"] for r in replicas], [2, 2])
        self.assertNotIn("tokyo.test", [r["site"] for r in replicas])
        self.assertEqual(self.kinds("shop").count("leaving"), 2)

    def test_a_site_that_is_lost_is_replaced_once_the_lease_is_over(self):
        asked = self.place("game", self.osaka, f"lease={LEASE_SECONDS}")
        self.osaka.kill()
        wait_until(lambda: self.running(self.tokyo) == ["game-0"], 60, "it runs elsewhere", self.log)
        # It counts from the last renewal, which was before the site was killed, but not before the workload was there.
        self.assertGreater(time.monotonic() - asked, LEASE_SECONDS + MARGIN_SECONDS)
        self.assertIn("lost", self.kinds("game"))
        self.osaka.start()
        # Its old machine is of an epoch that is over.
        wait_until(lambda: self.osaka.perform("machine", "list") == [], 30, "the old one is deleted", self.log)
        replicas = self.show("game")["replicas"]
        self.assertEqual([(r["site"], r["epoch"], r["state"]) for r in replicas], [("tokyo.test", 2, "running")])


if __name__ == "__main__":
    unittest.main()
