"""One end-to-end test over every way to reach XMPP: our own server, and component and client of Prosody and ejabberd.

What the manual's page on attaching says is used word for word, but for the loopback addresses.
"""
import subprocess
import unittest

from tradewind_interop import page
from tradewind_interop.attachment import PASSWORD, SERVER, Attachment, CutAttachment
from tradewind_interop.client import Client
from tradewind_interop.ejabberd import Ejabberd
from tradewind_interop.prosody import Prosody
from tradewind_interop.relay import Relay
from tradewind_interop.tradewind import Tradewind
from tradewind_interop.workspace import Workspace

PEOPLE = [("romeo", PASSWORD), ("guest", PASSWORD)]
# The service whose rooms the site is invited to.
ROOMS_OF_PROSODY = f'Component "rooms.{SERVER}" "muc"\n'
ROOMS_OF_EJABBERD = f"  mod_muc: {{hosts: [rooms.{SERVER}]}}\n"


class EmbeddedTests(Attachment, Workspace):
    network = "127.0.34"
    admin, guest = f"romeo@paris.{SERVER}", f"guest@paris.{SERVER}"
    room = f"ops@rooms.paris.{SERVER}"
    strips_copies, people_stay = True, False

    def log_in_again(self):
        type(self).romeo = self.begin(Client(self.admin, PASSWORD, self.theirs, self.client_port, self.authority))

    @classmethod
    def begin_site(cls):
        cls.paris = cls.begin(Tradewind(
            cls.root, f"paris.{SERVER}", cls.authority, cls.theirs, server_port=5269, admin="romeo",
            coordinator=True, routes=cls.routes(), options=["--image-directory", str(cls.root)]))
        for name in ("romeo", "guest"):
            cls.paris.perform("account", "create", name, f"password={PASSWORD}")
        cls.client_port = cls.paris.client_port


class ComponentOfProsodyTests(CutAttachment, Workspace):
    network = "127.0.35"

    @classmethod
    def begin_site(cls):
        cls.server = cls.begin(Prosody(
            cls.root / "prosody", SERVER, cls.theirs, cls.hosts, cls.authority, PEOPLE,
            section=page.prosody_component() + ROOMS_OF_PROSODY, has_limits=True))
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
            cls.root / "prosody", SERVER, cls.theirs, cls.hosts, cls.authority, PEOPLE,
            section=ROOMS_OF_PROSODY, has_limits=True))
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

    strips_copies = True
    network = "127.0.42"

    @classmethod
    def begin_site(cls):
        secret = cls.root / "secret"
        cls.server = cls.begin(Tradewind(
            cls.root, SERVER, cls.authority, cls.theirs, server_port=5269, driver="none", coordinator=True,
            admin="romeo", routes=cls.routes(), settings=[("server:\n", page.own_server_component(cls.theirs))],
            files={"paris.secret": secret.read_text()}))
        for name in ("romeo", "guest"):
            cls.server.perform("account", "create", name, f"password={PASSWORD}")
        cls.client_port = cls.server.client_port
        cls.relay = cls.begin(Relay(f"{cls.network}.3", 5347, (cls.theirs, 5347)))
        options = page.init_options("--component")
        options["--component"] = options["--component"].replace("127.0.0.1", f"{cls.network}.3")
        options["--secret-file"] = str(secret)
        cls.paris = cls.begin_attached(options["--domain"], options)


class ComponentOfEjabberdTests(CutAttachment, Workspace):
    """While the component is gone ejabberd does not know its domain: it turns the other servers away, who come back later."""

    network = "127.0.37"
    recovery_seconds = 12

    @classmethod
    def begin_site(cls):
        cls.server = cls.begin(Ejabberd(
            cls.root / "ejabberd", SERVER, cls.theirs, cls.hosts, cls.authority, PEOPLE,
            listeners=page.ejabberd_listener(cls.theirs), modules=ROOMS_OF_EJABBERD))
        cls.relay = cls.begin(Relay(f"{cls.network}.3", 5347, (cls.theirs, 5347)))
        options = page.init_options("--component")
        options["--component"] = options["--component"].replace("127.0.0.1", f"{cls.network}.3")
        options["--secret-file"] = str(cls.root / options["--secret-file"])
        cls.paris = cls.begin_attached(options["--domain"], options)


class ClientOfEjabberdTests(CutAttachment, Workspace):
    network = "127.0.38"

    @classmethod
    def begin_site(cls):
        cls.server = cls.begin(Ejabberd(
            cls.root / "ejabberd", SERVER, cls.theirs, cls.hosts, cls.authority, PEOPLE,
            modules=ROOMS_OF_EJABBERD))
        cls.server.control(page.snippet("sh", "ejabberdctl register"), cls.root)
        cls.relay = cls.begin(Relay(f"{cls.network}.3", 5222, (cls.theirs, 5222)))
        options = page.init_options("--client")
        options["--secret-file"] = str(cls.root / options["--secret-file"])
        options |= {"--connect": f"{cls.network}.3:5222", "--ca": str(cls.authority.directory)}
        cls.paris = cls.begin_attached(options["--client"], options)


if __name__ == "__main__":
    unittest.main()
