"""What must work for a site however it is attached to XMPP: the same for all of them."""
import threading

from .client import Client
from .manners import Manners
from .tradewind import Tradewind, join
from .waiting import wait_until

PASSWORD = "correct-horse"
SERVER = "example.org"
COORDINATOR = "tokyo.test"
# A site at which the one under test places workloads itself.
OTHER = "osaka.test"
# Workloads placed while a link is cut: more of them until it was cut twice.
LEAST_PLACED, MOST_PLACED = 4, 99
# Of them at the site at once, half of what it has room for: the first one goes when there are more.
MOST_KEPT = 8
# From one workload to the next, so that there are some under way whenever the link is cut.
PLACE_SECONDS = 0.4
# What a link has before it is cut, and what the site has to come back after that.
UP_SECONDS, RECOVERY_SECONDS = 0.7, 4


class Attachment(Manners):
    """The scenarios; a subclass of this and `Workspace` begins the site under test as `cls.paris`."""

    network = "127.0.34"
    password = PASSWORD

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.ours, cls.theirs, cls.others = f"{cls.network}.1", f"{cls.network}.2", f"{cls.network}.4"
        cls.client_address = cls.theirs
        cls.hosts = cls.root / "hosts"
        cls.hosts.write_text(
            f"127.0.0.1 localhost\n{cls.ours} {COORDINATOR}\n{cls.others} {OTHER}\n"
            f"{cls.theirs} {SERVER} paris.{SERVER} rome.{SERVER}\n")
        cls.image = cls.root / "image.qcow2"
        cls.image.write_bytes(b"the in-memory driver boots anything")
        (cls.root / "secret").write_text("a-long-random-secret\n")
        (cls.root / "password").write_text(f"{PASSWORD}\n")
        routes = [f"{name}={cls.theirs}:5269" for name in (SERVER, f"paris.{SERVER}", f"rome.{SERVER}")]
        cls.tokyo = cls.begin(Tradewind(
            cls.root, COORDINATOR, cls.authority, cls.ours, server_port=5269, driver="none", coordinator=True,
            routes=routes))
        cls.osaka = cls.begin(Tradewind(
            cls.root, OTHER, cls.authority, cls.others, server_port=5269, routes=routes,
            options=["--image-directory", str(cls.root)]))
        cls.begin_site()
        cls.romeo = cls.begin(Client(
            cls.admin, PASSWORD, cls.theirs, cls.client_port, cls.authority))
        join(cls.tokyo, cls.paris, "reservation,machine,workload")
        join(cls.paris, cls.osaka, "reservation,machine")

    @classmethod
    def routes(cls):
        """How a server that is Tradewind's own finds the others, which DNS does not know."""
        return [f"{COORDINATOR}={cls.ours}:5269", f"{OTHER}={cls.others}:5269"]

    client_port = 5222
    admin, guest = f"romeo@{SERVER}", f"guest@{SERVER}"
    room = f"ops@rooms.{SERVER}"

    @classmethod
    def begin_attached(cls, address, options, **others):
        """A site and coordinator that speaks through the other server; `options` as the page has them."""
        attachment = [word for pair in options.items() for word in pair]
        trust = f"chat:\n  trusted-rooms:\n    - rooms.{SERVER}\nsite:\n"
        return cls.begin(Tradewind(
            cls.root, address, cls.authority, attachment=attachment, admin=cls.admin, coordinator=True,
            options=["--image-directory", str(cls.root)], settings=[("site:\n", trust)], **others))

    def free(self, site, coordinator=None):
        """What the coordinator, tokyo unless told otherwise, believes is free there."""
        known = next(s for s in (coordinator or self.tokyo).perform("site", "list") if s["site"] == site.domain)
        # What it remembers of a site that has not been heard since it was started itself is no place for anything yet.
        if known.get("reachability", "reachable") != "reachable":
            return None
        return known.get("capacity", {}).get("free", {}).get("vcpus")

    def place(self, name, *options, coordinator=None, site=None):
        """Has the coordinator place a workload for users at the site: paris by tokyo unless told otherwise."""
        coordinator, site = coordinator or self.tokyo, site or self.paris
        wait_until(lambda: self.free(site, coordinator), 60, "the site tells of its capacity", site.log)
        coordinator.perform("workload", "place", name, f"image={self.image}", "memory=128M",
                            f"audience={site.domain}", *options)

    def state(self, name, site=None):
        """That of the machine of this name at the site, paris unless told otherwise; none if it has no such machine."""
        return dict((site or self.paris).machines()).get(name)

    def test_capacity_place_stop_start_and_remove(self):
        # What other tests have removed is told before anything is counted.
        before = wait_until(
            lambda: (own := self.free(self.paris, self.paris)) and self.free(self.paris) == own and own, 30,
            "the site tells of its capacity", self.paris.log)
        self.place("web")
        wait_until(lambda: self.state("web-0") == "running", 30, "the machine runs", self.paris.log)
        wait_until(lambda: (free := self.free(self.paris)) is not None and free < before, 30, "its room is taken",
                   self.paris.log)
        self.tokyo.perform("machine", "shutdown", "web-0")
        wait_until(lambda: self.state("web-0") == "stopped", 30, "the machine stops", self.paris.log)
        self.tokyo.perform("machine", "start", "web-0")
        wait_until(lambda: self.state("web-0") == "running", 30, "the machine runs again", self.paris.log)
        self.tokyo.perform("workload", "remove", "web")
        wait_until(lambda: self.state("web-0") is None, 30, "the machine is gone", self.paris.log)
        wait_until(lambda: self.free(self.paris) == before, 30, "its room is free again", self.paris.log)

    def test_its_own_coordinator_places_here_and_at_another_site(self):
        wait_until(lambda: self.free(self.paris, self.paris), 30, "it knows its own capacity", self.paris.log)
        self.place("own", "replicas=2", "per-site=1", coordinator=self.paris, site=self.osaka)
        replicas = self.paris.perform("workload", "show", "own")["replicas"]
        names = {replica["site"]: f"own-{replica['index']}" for replica in replicas}
        self.assertEqual(sorted(names), sorted([self.paris.domain, OTHER]))
        for site in (self.paris, self.osaka):
            name, at = names[site.domain], f"at={site.domain}"
            wait_until(lambda: self.state(name, site) == "running", 30, f"{name} runs", site.log)
            self.paris.perform("machine", "shutdown", name, at)
            wait_until(lambda: self.state(name, site) == "stopped", 30, f"{name} stops", site.log)
            self.paris.perform("machine", "start", name, at)
            wait_until(lambda: self.state(name, site) == "running", 30, f"{name} runs again", site.log)
        self.paris.perform("workload", "remove", "own")
        for site in (self.paris, self.osaka):
            wait_until(lambda: self.state(names[site.domain], site) is None, 30, "the machine is gone", site.log)

    def test_an_admin_chats_with_the_site(self):
        self.assertIn("machine", self.romeo.ask(self.paris.domain, "help"))
        self.assertIn(self.paris.domain, self.romeo.ask(self.paris.domain, "machine list"))

    def test_an_admin_uses_forms(self):
        items = self.romeo.call(lambda xmpp: xmpp["xep_0050"].get_commands(self.paris.entity))
        nodes = {node: str(jid) for jid, node, _ in items["disco_items"]["items"]}
        self.assertEqual(nodes["site.list"], self.paris.entity)
        answer = self.romeo.command(self.paris.entity, "site.list")
        self.assertEqual(answer["command"]["status"], "completed")
        self.assertIn(COORDINATOR, str(answer))

    def test_the_site_answers_for_itself(self):
        version = self.romeo.call(lambda xmpp: xmpp["xep_0092"].get_version(self.paris.entity))
        self.assertEqual(version["software_version"]["name"], "Tradewind")
        self.assertGreaterEqual(self.romeo.call(lambda xmpp: xmpp["xep_0199"].ping(self.paris.entity)), 0)


class CutAttachment(Attachment):
    """An attachment through a relay that can be cut, as `cls.relay`."""

    recovery_seconds = RECOVERY_SECONDS

    def lose_link(self):
        self.relay.cut()

    def place_in_the_end(self, name, coordinator, site):
        """Places it as an admin would: again, if the answer was that the site cannot be reached just now."""
        def is_placed():
            try:
                self.place(name, f"only={site.domain}", coordinator=coordinator, site=site)
            except AssertionError as refusal:
                if "does not answer" in str(refusal):
                    return False
                raise
            shown = coordinator.perform("workload", "show", name)
            if shown["state"] in ("running", "placed"):
                return True
            coordinator.perform("workload", "remove", name)
            return False

        wait_until(is_placed, 180, f"{name} is placed", coordinator.log)

    def place_while_the_link_is_cut(self, prefix, coordinator, site):
        """Every workload gets its one machine, and loses it, however often the link goes."""
        wait_until(lambda: self.free(site, coordinator), 30, "the site tells of its capacity", site.log)
        done = threading.Event()
        before = self.relay.connections
        placed, kept = [], []

        def cut():
            while not done.wait(UP_SECONDS):
                seen = self.relay.connections
                self.relay.cut()
                # However slow this machine is, only a link that is up again is cut.
                while not (self.relay.connections > seen and self.paris.is_healthy()):
                    if done.wait(0.1):
                        return
                done.wait(self.recovery_seconds)

        cutter = threading.Thread(target=cut)
        cutter.start()
        try:
            # However fast this machine places, the link is cut at least twice meanwhile.
            while len(placed) < LEAST_PLACED or (
                    self.relay.connections < before + 2 and len(placed) < MOST_PLACED):
                if len(kept) == MOST_KEPT:
                    coordinator.perform("workload", "remove", kept.pop(0))
                name = f"{prefix}{len(placed):02}"
                placed.append(name)
                kept.append(name)
                self.place_in_the_end(name, coordinator, site)
                done.wait(PLACE_SECONDS)
        finally:
            done.set()
            cutter.join()
        self.assertGreaterEqual(self.relay.connections, before + 2)

        def machines():
            return [machine for machine in site.machines() if machine[0].startswith(prefix)]

        expected = [(f"{name}-0", "running") for name in kept]
        wait_until(lambda: machines() == expected, 60, f"these run, and none besides: {expected}",
                   lambda: f"{machines()} {site.log()}")
        for name in kept:
            coordinator.perform("workload", "remove", name)
        wait_until(lambda: not machines(), 60, "none is left behind", site.log)

    def test_no_command_is_lost_or_performed_twice_when_the_link_is_cut(self):
        self.place_while_the_link_is_cut("cut", self.tokyo, self.paris)

    def test_no_command_of_its_own_coordinator_is_lost_or_performed_twice_when_the_link_is_cut(self):
        self.place_while_the_link_is_cut("sent", self.paris, self.osaka)
