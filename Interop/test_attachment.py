"""One end-to-end test over every way to reach XMPP: our own server, and component and client of Prosody and ejabberd.

What the manual's page on attaching says is used word for word, but for the loopback addresses.
"""
import subprocess
import unittest

from tradewind_interop import page
from tradewind_interop.attachment import COORDINATOR, PASSWORD, SERVER, Attachment, CutAttachment
from tradewind_interop.client import Client
from tradewind_interop.ejabberd import Ejabberd
from tradewind_interop.prosody import Prosody
from tradewind_interop.relay import Relay
from tradewind_interop.tradewind import Tradewind, join
from tradewind_interop.waiting import wait_until
from tradewind_interop.workspace import Workspace

ADMIN = ("romeo", PASSWORD)


class EmbeddedTests(Attachment, Workspace):
    network = "127.0.34"
    admin = f"romeo@paris.{SERVER}"

    @classmethod
    def begin_site(cls):
        cls.paris = cls.begin(Tradewind(
            cls.root, f"paris.{SERVER}", cls.authority, cls.theirs, server_port=5269, admin="romeo",
            routes=[f"{COORDINATOR}={cls.ours}:5269"], options=["--image-directory", str(cls.root)]))
        cls.paris.perform("account", "create", "romeo", f"password={PASSWORD}")
        cls.client_port = cls.paris.client_port


class ComponentOfProsodyTests(CutAttachment, Workspace):
    network = "127.0.35"

    @classmethod
    def begin_site(cls):
        cls.server = cls.begin(Prosody(
            cls.root / "prosody", SERVER, cls.theirs, cls.hosts, cls.authority, [ADMIN],
            section=page.prosody_component(), has_limits=True))
        cls.relay = cls.begin(Relay(f"{cls.network}.3", 5347, (cls.theirs, 5347)))
        options = page.init_options("--component")
        options["--component"] = options["--component"].replace("127.0.0.1", f"{cls.network}.3")
        options["--secret-file"] = str(cls.root / options["--secret-file"])
        cls.paris = cls.begin_attached(options["--domain"], options)


class ClientOfProsodyTests(CutAttachment, Workspace):
    """Within the limits of Debian's Prosody, 10 kB/s for clients."""

    network = "127.0.36"

    @classmethod
    def begin_site(cls):
        cls.server = cls.begin(Prosody(
            cls.root / "prosody", SERVER, cls.theirs, cls.hosts, cls.authority, [ADMIN], has_limits=True))
        register = page.snippet("sh", "prosodyctl register")
        subprocess.run(
            ["runuser", "-u", "prosody", "--", "bash", "-c",
             register.replace("prosodyctl", f"prosodyctl --config {cls.server.configuration}")],
            cwd=cls.root, check=True, capture_output=True)
        cls.relay = cls.begin(Relay(f"{cls.network}.3", 5222, (cls.theirs, 5222)))
        options = page.init_options("--client")
        options["--secret-file"] = str(cls.root / options["--secret-file"])
        options |= {"--connect": f"{cls.network}.3:5222", "--ca": str(cls.authority.directory)}
        cls.paris = cls.begin_attached(options["--client"], options)


class ComponentOfTradewindTests(CutAttachment, Workspace):
    """A site that is a component of another site's own server."""

    network = "127.0.42"

    @classmethod
    def begin_site(cls):
        secret = cls.root / "secret"
        section = (f"server:\n  components:\n    host: {cls.theirs}\n    secrets:\n"
                   f"      - paris.{SERVER}={secret}\n")
        cls.server = cls.begin(Tradewind(
            cls.root, SERVER, cls.authority, cls.theirs, server_port=5269, driver="none", coordinator=True,
            admin="romeo", routes=[f"{COORDINATOR}={cls.ours}:5269"], settings=[("server:\n", section)]))
        cls.server.perform("account", "create", "romeo", f"password={PASSWORD}")
        cls.client_port = cls.server.client_port
        cls.relay = cls.begin(Relay(f"{cls.network}.3", 5347, (cls.theirs, 5347)))
        options = page.init_options("--component")
        options["--component"] = options["--component"].replace("127.0.0.1", f"{cls.network}.3")
        options["--secret-file"] = str(secret)
        cls.paris = cls.begin_attached(options["--domain"], options)


class ComponentOfEjabberdTests(Attachment, Workspace):
    network = "127.0.37"

    @classmethod
    def begin_site(cls):
        cls.server = cls.begin(Ejabberd(
            cls.root / "ejabberd", SERVER, cls.theirs, cls.hosts, cls.authority, [ADMIN],
            listeners=page.ejabberd_listener(cls.theirs)))
        options = page.init_options("--component")
        options["--component"] = options["--component"].replace("127.0.0.1", cls.theirs)
        options["--secret-file"] = str(cls.root / options["--secret-file"])
        cls.paris = cls.begin_attached(options["--domain"], options)


class ClientOfEjabberdTests(CutAttachment, Workspace):
    network = "127.0.38"

    @classmethod
    def begin_site(cls):
        cls.server = cls.begin(Ejabberd(
            cls.root / "ejabberd", SERVER, cls.theirs, cls.hosts, cls.authority, [ADMIN, ("paris", PASSWORD)]))
        cls.relay = cls.begin(Relay(f"{cls.network}.3", 5222, (cls.theirs, 5222)))
        options = page.init_options("--client")
        options["--secret-file"] = str(cls.root / options["--secret-file"])
        options |= {"--connect": f"{cls.network}.3:5222", "--ca": str(cls.authority.directory)}
        cls.paris = cls.begin_attached(options["--client"], options)


class MixedFederationTests(Workspace):
    """The coordinator is a client of ejabberd; one site is a component of Prosody, one its own server."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        (cls.root / "secret").write_text(f"{page.SECRET}\n")
        (cls.root / "password").write_text(f"{PASSWORD}\n")
        (cls.root / "image.qcow2").write_bytes(b"the in-memory driver boots anything")
        ours, prosody, ejabberd = "127.0.39.1", "127.0.39.2", "127.0.39.3"
        hosts = cls.root / "hosts"
        hosts.write_text(
            f"127.0.0.1 localhost\n{ours} tokyo.test\n{prosody} {SERVER} paris.{SERVER}\n{ejabberd} ejabberd.test\n")
        cls.begin(Prosody(
            cls.root / "prosody", SERVER, prosody, hosts, cls.authority, section=page.prosody_component(),
            has_limits=True))
        cls.begin(Ejabberd(
            cls.root / "ejabberd", "ejabberd.test", ejabberd, hosts, cls.authority,
            [("planner", PASSWORD), ADMIN]))
        images = ["--image-directory", str(cls.root)]
        cls.paris = cls.begin(Tradewind(
            cls.root, f"paris.{SERVER}", cls.authority, admin="romeo@ejabberd.test", options=images, attachment=[
                "--domain", f"paris.{SERVER}", "--component", f"{prosody}:5347", "--secret-file",
                str(cls.root / "secret")]))
        cls.tokyo = cls.begin(Tradewind(
            cls.root, "tokyo.test", cls.authority, ours, server_port=5269, options=images,
            routes=[f"{SERVER}={prosody}:5269", f"paris.{SERVER}={prosody}:5269", f"ejabberd.test={ejabberd}:5269"]))
        cls.planner = cls.begin(Tradewind(
            cls.root, "planner@ejabberd.test", cls.authority, admin="romeo@ejabberd.test", driver="none",
            coordinator=True, attachment=[
                "--client", "planner@ejabberd.test", "--secret-file", str(cls.root / "password"), "--connect",
                f"{ejabberd}:5222", "--ca", str(cls.authority.directory)]))
        cls.romeo = cls.begin(Client("romeo@ejabberd.test", PASSWORD, ejabberd, 5222, cls.authority))
        for site in (cls.paris, cls.tokyo):
            join(cls.planner, site, "reservation,machine")
        join(cls.paris, cls.tokyo, "machine")

    def capacity(self):
        return {site["site"] for site in self.planner.perform("site", "list")
                if site.get("capacity", {}).get("free", {}).get("vcpus")}

    def test_a_workload_is_spread_over_both_sites_and_removed(self):
        wait_until(lambda: len(self.capacity()) == 2, 30, "both sites tell of their capacity", self.planner.log)
        self.planner.perform(
            "workload", "place", "mixed", f"image={self.root}/image.qcow2", "memory=128M", "replicas=2",
            "per-site=1", f"audience=paris.{SERVER}")
        for site in (self.paris, self.tokyo):
            wait_until(lambda: [m["state"] for m in site.perform("machine", "list")] == ["running"], 30,
                       f"one machine runs at {site.domain}", site.log)
        self.planner.perform("workload", "remove", "mixed")
        for site in (self.paris, self.tokyo):
            wait_until(lambda: not site.perform("machine", "list"), 30, f"{site.domain} is empty", site.log)

    def test_the_coordinator_is_reached_by_chat_at_its_account(self):
        answer = self.romeo.ask("planner@ejabberd.test", "site list")
        self.assertIn("tokyo.test", answer)
        self.assertIn(f"paris.{SERVER}", answer)


if __name__ == "__main__":
    unittest.main()
