"""A real ejabberd on a loopback address of its own."""
import os
import pathlib
import platform
import shutil
import signal
import socket
import subprocess

from .waiting import wait_until

# Where Erlang's nodes meet, instead of asking a daemon for the port.
DISTRIBUTION_PORT = 5210
COOKIE = "interop"

CONFIGURATION = """\
hosts: [{domain}]
loglevel: debug
ca_file: {ca}
certfiles: [{stem}.pem]
listen:
  - {{port: 5222, ip: "{address}", module: ejabberd_c2s, starttls_required: true, max_stanza_size: 262144}}
  - {{port: 5269, ip: "{address}", module: ejabberd_s2s_in, max_stanza_size: 524288}}
{listeners}s2s_use_starttls: required
s2s_access: all
outgoing_s2s_port: 5269
auth_password_format: scram
access_rules: {{c2s: {{allow: all}}}}
modules:
  mod_disco: {{}}
  mod_offline: {{}}
  mod_ping: {{}}
  mod_roster: {{}}
  mod_s2s_dialback: {{}}
  mod_stream_mgmt: {{}}
  mod_time: {{}}
  mod_version: {{}}
"""


class Ejabberd:
    """Speaks for `domain` on `address`; its node listens there too, so that `epmd` is not started.

    `listeners` is added to its section `listen`, `modules` to `modules`. It looks names up with the system's resolver; a private mount namespace gives it `hosts` as /etc/hosts.
    """

    software = "ejabberd"

    def __init__(self, root, domain, address, hosts, authority, accounts=(), listeners="", modules=""):
        self.root = pathlib.Path(root)
        self.domain = domain
        self.address = address
        (self.root / "db").mkdir(parents=True)
        (self.root / "log").mkdir()
        stem = authority.issue(domain)
        (self.root / "ejabberd.yml").write_text(CONFIGURATION.format(
            domain=domain, address=address, ca=authority.certificate, stem=stem, listeners=listeners)
            + modules)
        lookups = ["{lookup,[file]}."]
        for line in pathlib.Path(hosts).read_text().splitlines():
            ip, *names = line.split()
            quoted = ",".join(f'"{name}"' for name in names)
            lookups.append(f"{{host,{{{ip.replace('.', ',')}}},[{quoted}]}}.")
        (self.root / "inetrc").write_text("\n".join(lookups) + "\n")
        (self.root / "ejabberdctl.cfg").write_text(
            f"ERLANG_NODE=ejabberd@{address}\nERL_DIST_PORT={DISTRIBUTION_PORT}\n"
            f'ERL_OPTIONS="-setcookie {COOKIE}"\nSPOOL_DIR={self.root}/db\nLOGS_DIR={self.root}/log\n')
        for path in (self.root, *self.root.rglob("*")):
            shutil.chown(path, "ejabberd", "ejabberd")
        environment = {
            "HOME": str(self.root), "PATH": os.environ["PATH"],
            "EJABBERD_CONFIG_PATH": str(self.root / "ejabberd.yml"),
            "EJABBERD_LOG_PATH": str(self.root / "log" / "ejabberd.log"),
            "ERL_LIBS": f"/usr/lib/{platform.machine()}-linux-gnu",
            "ERL_INETRC": str(self.root / "inetrc"),
            "ERL_CRASH_DUMP_SECONDS": "0",
        }
        registrations = " ".join(
            f"-eval 'ok = ejabberd_auth:try_register(<<\"{name}\">>, <<\"{domain}\">>, <<\"{word}\">>).'"
            for name, word in accounts)
        # It listens before it has the accounts; what is evaluated is so in order.
        ready = self.root / "ready"
        node = (f"-name ejabberd@{address} -setcookie {COOKIE} -start_epmd false "
                f"-erl_epmd_port {DISTRIBUTION_PORT} "
                f"-kernel inet_dist_use_interface '{{{address.replace('.', ',')}}}'")
        script = (f"mount --bind {hosts} /etc/hosts && exec runuser -u ejabberd -- erl -noinput {node} "
                  f"-mnesia dir '\"{self.root}/db\"' -s ejabberd {registrations} "
                  f"-eval 'ok = file:write_file(\"{ready}\", <<>>).'")
        self.process = subprocess.Popen(
            ["unshare", "-m", "bash", "-c", script], env=environment, cwd=self.root, start_new_session=True,
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.STDOUT)
        wait_until(lambda: ready.exists() and self._listens(address, 5269), 120, "ejabberd listens", self.log)

    @staticmethod
    def _listens(address, port):
        with socket.socket() as probe:
            return probe.connect_ex((address, port)) == 0

    def control(self, line, folder):
        """Runs a line of the shell with `ejabberdctl` in it, as its administrator would in `folder`."""
        done = subprocess.run(
            ["runuser", "-u", "ejabberd", "--", "bash", "-c",
             line.replace("ejabberdctl", f"ejabberdctl --config-dir {self.root}")],
            env={"HOME": str(self.root), "PATH": f"{os.environ['PATH']}:/usr/sbin"}, cwd=folder,
            capture_output=True, text=True, timeout=60)
        assert done.returncode == 0, f"{line}: {done.stdout}{done.stderr}{self.log()}"

    def log(self):
        path = self.root / "log" / "ejabberd.log"
        return path.read_text()[-4000:] if path.exists() else ""

    def stop(self):
        os.killpg(self.process.pid, signal.SIGTERM)
        self.process.wait(60)
