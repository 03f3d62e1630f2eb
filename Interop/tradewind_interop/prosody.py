"""A real Prosody on a loopback address of its own."""
import os
import pathlib
import shutil
import signal
import socket
import subprocess

from .waiting import wait_until

# All configurations have it.
CLIENT_PORT = 5222

CONFIGURATION = """\
pidfile = "{root}/prosody.pid"
data_path = "{root}/data"
interfaces = {{ "{address}" }}
local_interfaces = {{ "{address}" }}
component_interfaces = {{ "{address}" }}
http_ports = {{}}
https_ports = {{}}
c2s_require_encryption = true
s2s_require_encryption = true
s2s_secure_auth = {secure}
authentication = "internal_hashed"
unbound = {{ resolvconf = false, hoststxt = "{hosts}", options = {{ {records} }} }}
modules_enabled = {{ "roster", "saslauth", "tls", "dialback", "disco", "version", "time", "ping", "smacks" {limits}{modules} }}
{rates}
{settings}
log = {{ {{ levels = {{ min = "debug" }}, to = "file", filename = "{root}/prosody.log" }} }}
ssl = {{ certificate = "{stem}.crt", key = "{stem}.key", cafile = "{ca}" }}
VirtualHost "{domain}"
  ssl = {{ certificate = "{stem}.crt", key = "{stem}.key", cafile = "{ca}" }}
"""

# As Debian ships it.
RATES = 'limits = { c2s = { rate = "10kb/s"; }; s2sin = { rate = "30kb/s"; }; }'


class Prosody:
    """Speaks for `domain` on `address`; found by the others through `hosts`, a file in /etc/hosts format.

    `section` is added to the end of its configuration; `has_limits` are Debian's; `modules` are names of more modules;
    `settings` go to the configuration's head; `record` is one of DNS, as in a zone file.
    """

    software = "Prosody"

    def __init__(self, root, domain, address, hosts, authority, accounts=(), require_certificates=True,
                 section="", has_limits=False, modules=(), settings="", record=None):
        self.root = pathlib.Path(root)
        self.domain = domain
        self.address = address
        data = self.root / "data"
        data.mkdir(parents=True)
        stem = authority.issue(domain)
        self.configuration = self.root / "prosody.cfg.lua"
        self.configuration.write_text(CONFIGURATION.format(
            root=self.root, address=address, hosts=hosts, ca=authority.certificate, domain=domain, stem=stem,
            secure="true" if require_certificates else "false", limits=', "limits"' if has_limits else "",
            modules="".join(f', "{name}"' for name in modules), settings=settings,
            records=f'["local-data:"] = "{record}"' if record else "",
            rates=RATES if has_limits else "") + section)
        folder = data / domain.replace(".", "%2e") / "accounts"
        folder.mkdir(parents=True)
        for name, password in accounts:
            (folder / f"{name}.dat").write_text(f'return {{\n["password"] = "{password}";\n}};\n')
        for path in (self.root, *self.root.rglob("*")):
            shutil.chown(path, "prosody", "prosody")
        self.start()

    def start(self):
        pidfile = self.root / "prosody.pid"
        self.process = subprocess.Popen(
            ["runuser", "-u", "prosody", "--", "prosody", "-F", "--config", str(self.configuration)],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.STDOUT)
        wait_until(lambda: pidfile.exists() and pidfile.read_text().strip(), 60, "Prosody starts", self.log)
        self.pid = int(pidfile.read_text())
        wait_until(self._answers, 60, "Prosody answers", self.log)

    def _answers(self):
        """Whether it answers a client, which it does once it listens at all its ports."""
        with socket.socket() as probe:
            probe.settimeout(2)
            try:
                probe.connect((self.address, CLIENT_PORT))
                probe.sendall(
                    b"<stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' "
                    + f"to='{self.domain}' version='1.0'>".encode())
                return probe.recv(1) != b""
            except OSError:
                return False

    def log(self):
        path = self.root / "prosody.log"
        return path.read_text()[-4000:] if path.exists() else ""

    def stop(self):
        os.kill(self.pid, signal.SIGTERM)
        self.process.wait(60)
