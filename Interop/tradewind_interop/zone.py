"""A signed DNS zone, served on loopback by a real name server (NSD), signed by ldns."""
import pathlib
import shutil
import signal
import socket
import subprocess

from .waiting import wait_until

CONFIGURATION = """\
server:
  ip-address: {address}@{port}
  username: nsd
  chroot: ""
  zonesdir: "{root}"
  database: ""
  pidfile: "{root}/nsd.pid"
  xfrdfile: "{root}/xfrd.state"
  zonelistfile: "{root}/zone.list"
  xfrdir: "{root}"
  logfile: "{root}/nsd.log"
  server-count: 1
  hide-version: yes
remote-control:
  control-enable: no
zone:
  name: {zone}
  zonefile: signed.zone
"""

HEAD = """\
$ORIGIN {zone}.
$TTL 3600
@ IN SOA ns.{zone}. admin.{zone}. 1 3600 600 86400 60
@ IN NS ns.{zone}.
ns IN A {address}
"""


class SignedZone:
    """Serves `zone` with `records` on `address`; `anchors` is the file of the key that proves it.

    `lies` are pairs of texts: the second stands in the zone in place of the first, which is what was signed.
    """

    def __init__(self, root, zone, address, records, lies=(), port=5300):
        self.root = pathlib.Path(root)
        self.root.mkdir(parents=True)
        self.address, self.port = address, port
        plain = self.root / "plain.zone"
        plain.write_text(HEAD.format(zone=zone, address=address) + "\n".join(records) + "\n")
        keys = [self._run("ldns-keygen", "-a", "ECDSAP256SHA256", *flags, zone).strip() for flags in (["-k"], [])]
        signed = self.root / "signed.zone"
        self._run("ldns-signzone", "-f", str(signed), str(plain), *keys)
        text = signed.read_text()
        for truth, lie in lies:
            assert truth in text, f"{truth!r} is not in {text}"
            text = text.replace(truth, lie)
        signed.write_text(text)
        self.anchors = self.root / "anchors.key"
        self.anchors.write_text((self.root / f"{keys[0]}.ds").read_text())
        configuration = self.root / "nsd.conf"
        configuration.write_text(CONFIGURATION.format(root=self.root, address=address, port=port, zone=zone))
        for path in (self.root, *self.root.rglob("*")):
            shutil.chown(path, "nsd", "nsd")
        # The tests read the anchors as well.
        self.root.chmod(0o755)
        self.process = subprocess.Popen(
            ["nsd", "-d", "-c", str(configuration)], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL)
        wait_until(self._listens, 20, "NSD answers", self.log)

    def _run(self, *words):
        done = subprocess.run(words, cwd=self.root, capture_output=True, text=True)
        assert done.returncode == 0, f"{words}: {done.stderr or done.stdout}"
        return done.stdout

    def _listens(self):
        with socket.socket() as probe:
            return probe.connect_ex((self.address, self.port)) == 0

    def log(self):
        path = self.root / "nsd.log"
        return path.read_text()[-4000:] if path.exists() else ""

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(20)
