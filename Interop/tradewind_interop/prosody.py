"""A real Prosody on a loopback address of its own."""
import os
import pathlib
import shutil
import signal
import subprocess

from .waiting import wait_until

CONFIGURATION = """\
pidfile = "{root}/prosody.pid"
data_path = "{root}/data"
interfaces = {{ "{address}" }}
local_interfaces = {{ "{address}" }}
http_ports = {{}}
https_ports = {{}}
c2s_require_encryption = true
s2s_require_encryption = true
s2s_secure_auth = {secure}
authentication = "internal_hashed"
unbound = {{ resolvconf = false, hoststxt = "{hosts}" }}
modules_enabled = {{ "roster", "saslauth", "tls", "dialback", "disco", "version", "time", "ping" }}
log = {{ {{ levels = {{ min = "debug" }}, to = "file", filename = "{root}/prosody.log" }} }}
ssl = {{ cafile = "{ca}" }}
VirtualHost "{domain}"
  ssl = {{ certificate = "{stem}.crt", key = "{stem}.key", cafile = "{ca}" }}
"""


class Prosody:
    """Speaks for `domain` on `address`; found by the others through `hosts`, a file in /etc/hosts format."""

    software = "Prosody"

    def __init__(self, root, domain, address, hosts, authority, accounts=(), require_certificates=True):
        self.root = pathlib.Path(root)
        self.domain = domain
        data = self.root / "data"
        data.mkdir(parents=True)
        stem = authority.issue(domain)
        (self.root / "prosody.cfg.lua").write_text(CONFIGURATION.format(
            root=self.root, address=address, hosts=hosts, ca=authority.certificate, domain=domain, stem=stem,
            secure="true" if require_certificates else "false"))
        folder = data / domain.replace(".", "%2e") / "accounts"
        folder.mkdir(parents=True)
        for name, password in accounts:
            (folder / f"{name}.dat").write_text(f'return {{\n["password"] = "{password}";\n}};\n')
        for path in (self.root, *self.root.rglob("*")):
            shutil.chown(path, "prosody", "prosody")
        pidfile = self.root / "prosody.pid"
        self.process = subprocess.Popen(
            ["runuser", "-u", "prosody", "--", "prosody", "-F", "--config", str(self.root / "prosody.cfg.lua")],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.STDOUT)
        wait_until(lambda: pidfile.exists() and pidfile.read_text().strip(), 20, "Prosody starts", self.log)
        self.pid = int(pidfile.read_text())

    def log(self):
        path = self.root / "prosody.log"
        return path.read_text()[-4000:] if path.exists() else ""

    def stop(self):
        os.kill(self.pid, signal.SIGTERM)
        self.process.wait(20)
