"""The servers under load: ours and the servers of record, each on loopback addresses of its own."""
import os
import pathlib
import platform
import shutil
import signal
import socket
import subprocess

from tradewind_interop.waiting import wait_until

STOP_SECONDS = 20
PASSWORD = "secret"

PROSODY = """\
pidfile = "{root}/prosody.pid"; data_path = "{root}/data"
interfaces = {{ "{address}" }}; local_interfaces = {{ "{address}" }}; http_ports = {{}}; https_ports = {{}}
network_backend = "epoll"; authentication = "internal_hashed"; storage = "internal"
unbound = {{ resolvconf = false, hoststxt = "{hosts}" }}
c2s_require_encryption = false; s2s_require_encryption = true; s2s_secure_auth = true
modules_enabled = {{ "roster", "saslauth", "tls", "dialback", "disco", "carbons", "pep", "private", "blocklist",
  "vcard4", "vcard_legacy", "version", "uptime", "time", "ping", "csi_simple", "smacks", "s2s_bidi"{more} }}
log = {{ {{ levels = {{ min = "warn" }}, to = "file", filename = "{root}/prosody.log" }} }}
VirtualHost "{domain}"
  ssl = {{ certificate = "{stem}.crt", key = "{stem}.key", cafile = "{authorities}" }}
"""

EJABBERD = """\
hosts: [{domain}]
loglevel: warning
ca_file: {authorities}
certfiles: [{stem}.pem]
listen:
  - {{port: 5222, ip: "{address}", module: ejabberd_c2s, max_stanza_size: 262144, shaper: none, starttls: true, backlog: 511}}
  - {{port: 5269, ip: "{address}", module: ejabberd_s2s_in, max_stanza_size: 524288, shaper: none}}
s2s_use_starttls: required
s2s_access: all
outgoing_s2s_port: 5269
auth_password_format: scram
auth_scram_hash: sha256
access_rules: {{c2s: {{allow: all}}, register: {{allow: all}}}}
registration_timeout: infinity
modules: {{mod_blocking: {{}}, mod_caps: {{}}, mod_carboncopy: {{}}, mod_client_state: {{}}, mod_disco: {{}}, mod_last: {{}},
  mod_offline: {{}}, mod_ping: {{}}, mod_privacy: {{}}, mod_private: {{}}, mod_pubsub: {{plugins: [flat, pep]}}, mod_register: {{ip_access: all}},
  mod_roster: {{}}, mod_s2s_dialback: {{}}, mod_stream_mgmt: {{}}, mod_time: {{}}, mod_vcard: {{}}, mod_version: {{}}}}
"""


def listens(address, port):
    with socket.socket() as probe:
        return probe.connect_ex((address, port)) == 0


class Server:
    """A running server; `pid` is the process whose time and memory count."""

    registers = False  # whether xload makes the accounts in-band

    def __init__(self, domain, address):
        self.domain, self.address = domain, address

    def cpu_seconds(self):
        fields = pathlib.Path(f"/proc/{self.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def forget_peak(self):
        pathlib.Path(f"/proc/{self.pid}/clear_refs").write_text("5")

    def peak_memory(self):
        """The most resident bytes there were since `forget_peak`."""
        status = pathlib.Path(f"/proc/{self.pid}/status").read_text()
        return 1024 * next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM:"))

    def memory(self):
        """Resident bytes."""
        return int(pathlib.Path(f"/proc/{self.pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


class Tradewind(Server):
    name = "tradewind"

    def __init__(self, root, domain, address, authority, hosts, accounts, neighbours=(), archive=False, rates=False):
        super().__init__(domain, address)
        root.mkdir(parents=True)
        stem = authority.issue(domain)
        routes = [f"--route={there}={ip}:5269" for there, ip in neighbours]
        self._log = root / "log"
        with open(self._log, "wb") as log:
            self.process = subprocess.Popen(
                [os.environ["LOAD_SERVER"], "--domain", domain, "--host", address, "--certificate", f"{stem}.crt",
                 "--key", f"{stem}.key", "--authorities", str(authority.certificate), "--accounts", str(accounts),
                 "--password", PASSWORD, "--database", str(root / "database"), *routes,
                 *(["--archive"] if archive else []), *([] if rates else ["--unlimited-rates"])],
                stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT)
        self.pid = self.process.pid
        wait_until(lambda: listens(address, 5222), 60, f"{domain} listens", self._log.read_text)

    @staticmethod
    def version():
        source = pathlib.Path(__file__).parent
        done = subprocess.run(["git", "rev-parse", "--short", "HEAD"], cwd=source, capture_output=True, text=True)
        return done.stdout.strip() or "no revision"

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


class Prosody(Server):
    name = "prosody"

    def __init__(self, root, domain, address, authority, hosts, accounts, neighbours=(), archive=False, rates=False):
        super().__init__(domain, address)
        folder = root / "data" / domain.replace(".", "%2e") / "accounts"
        folder.mkdir(parents=True)
        (root / "prosody.cfg.lua").write_text(PROSODY.format(
            root=root, domain=domain, address=address, hosts=hosts, stem=authority.issue(domain),
            authorities=authority.certificate, more=', "mam"' if archive else ""))
        for number in range(accounts):
            (folder / f"u{number}.dat").write_text(f'return {{\n["password"] = "{PASSWORD}";\n}};\n')
        for path in (root, *root.rglob("*")):
            shutil.chown(path, "prosody", "prosody")
        pidfile = root / "prosody.pid"
        self.process = subprocess.Popen(
            ["runuser", "-u", "prosody", "--", "prosody", "-F", "--config", str(root / "prosody.cfg.lua")],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        wait_until(lambda: pidfile.exists() and pidfile.read_text().strip(), 20, "Prosody starts")
        self.pid = int(pidfile.read_text())
        wait_until(lambda: listens(address, 5222), 20, "Prosody listens")

    @staticmethod
    def version():
        return package_version("prosody")

    def stop(self):
        os.kill(self.pid, signal.SIGTERM)
        self.process.wait(STOP_SECONDS)


class Ejabberd(Server):
    name = "ejabberd"
    registers = True

    def __init__(self, root, domain, address, authority, hosts, accounts, neighbours=(), archive=False, rates=False):
        super().__init__(domain, address)
        (root / "db").mkdir(parents=True)
        (root / "log").mkdir()
        (root / "ejabberd.yml").write_text(EJABBERD.format(
            domain=domain, address=address, stem=authority.issue(domain), authorities=authority.certificate))
        lookups = ["{lookup,[file]}."]
        for line in hosts.read_text().splitlines():
            ip, *names = line.split()
            quoted = ",".join(f'"{name}"' for name in names)
            lookups.append(f"{{host,{{{ip.replace('.', ',')}}},[{quoted}]}}.")
        (root / "inetrc").write_text("\n".join(lookups) + "\n")
        for path in (root, *root.rglob("*")):
            shutil.chown(path, "ejabberd", "ejabberd")
        environment = {
            "HOME": str(root), "PATH": os.environ["PATH"], "EJABBERD_CONFIG_PATH": str(root / "ejabberd.yml"),
            "EJABBERD_LOG_PATH": str(root / "log" / "ejabberd.log"),
            "ERL_LIBS": f"/usr/lib/{platform.machine()}-linux-gnu", "ERL_INETRC": str(root / "inetrc"),
            "ERL_CRASH_DUMP_SECONDS": "0", "ERL_MAX_PORTS": "32000",
        }
        # No -sname: then there is no distribution and no epmd. A mount namespace gives it the hosts file.
        script = (f"mount --bind {hosts} /etc/hosts && exec setpriv --reuid ejabberd --regid ejabberd --clear-groups "
                  f"erl -noinput +K true +P 250000 -mnesia dir '\"{root}/db\"' -s ejabberd")
        self.process = subprocess.Popen(
            ["unshare", "-m", "bash", "-c", script], env=environment, cwd=root, start_new_session=True,
            stdin=subprocess.DEVNULL, stdout=open(root / "out", "wb"), stderr=subprocess.STDOUT)
        self.pid = self.process.pid
        wait_until(lambda: listens(address, 5269), 60, "ejabberd listens", (root / "out").read_text)

    @staticmethod
    def version():
        return package_version("ejabberd")

    def stop(self):
        os.killpg(self.process.pid, signal.SIGTERM)
        self.process.wait(STOP_SECONDS)


def package_version(package):
    done = subprocess.run(["dpkg-query", "-W", "-f", "${Version}", package], capture_output=True, text=True)
    return done.stdout or "not installed"
