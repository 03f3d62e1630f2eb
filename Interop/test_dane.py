"""Certificates that signed DNS announces (RFC 7673): a real signed zone, a real Prosody with certificates of its own making."""
import hashlib
import pathlib
import subprocess
import unittest

from slixmpp.exceptions import IqError

from tradewind_interop.client import Client
from tradewind_interop.prosody import Prosody
from tradewind_interop.tradewind import Tradewind
from tradewind_interop.workspace import Workspace
from tradewind_interop.zone import SignedZone

OURS, PEER, NAMES, NOBODY = "127.0.44.1", "127.0.44.2", "127.0.44.53", "127.0.44.9"
PASSWORD = "correct-horse"


class SelfSigned:
    """Makes certificates that nobody vouches for; whoever shows them trusts the authority of the others."""

    def __init__(self, directory, authority):
        self.directory = pathlib.Path(directory)
        self.directory.mkdir()
        self.certificate = authority.certificate

    def issue(self, domain):
        stem = self.directory / domain
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj",
             f"/CN={domain}", "-days", "2", "-addext", f"subjectAltName=DNS:{domain}", "-keyout", f"{stem}.key", "-out",
             f"{stem}.crt"], check=True, capture_output=True)
        pathlib.Path(f"{stem}.key").chmod(0o644)
        return stem

    def key_digest(self, domain):
        """As a TLSA record has it (selector 1, matching 1)."""
        pem = subprocess.run(
            ["openssl", "x509", "-pubkey", "-noout", "-in", f"{self.directory / domain}.crt"], check=True,
            capture_output=True).stdout
        der = subprocess.run(
            ["openssl", "pkey", "-pubin", "-outform", "DER"], input=pem, check=True, capture_output=True).stdout
        return hashlib.sha256(der).hexdigest()


class AnnouncedCertificateTests(Workspace):
    """`good` shows what is announced, `other` something else, and about `lie` DNS tells what was never signed."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        certificates = SelfSigned(cls.root / "self-signed", cls.authority)
        hosts = cls.root / "hosts"
        hosts.write_text(f"127.0.0.1 localhost\n{OURS} paris.test\n")
        section = ""
        for name in ("other", "lie"):
            stem = certificates.issue(f"{name}.dane.test")
            section += (f'VirtualHost "{name}.dane.test"\n'
                        f'  ssl = {{ certificate = "{stem}.crt", key = "{stem}.key" }}\n')
        cls.prosody = cls.begin(Prosody(
            cls.root / "prosody", "good.dane.test", PEER, hosts, certificates, section=section,
            modules=("s2s_bidi",)))
        digests = {name: certificates.key_digest(f"{name}.dane.test") for name in ("good", "lie")}
        digests["other"] = "07" * 32
        records = []
        for name, digest in digests.items():
            records += [f"_xmpp-server._tcp.{name} IN SRV 0 0 5269 at-{name}", f"at-{name} IN A {PEER}",
                        f"_5269._tcp.at-{name} IN TLSA 3 1 1 {digest}"]
        truth = f"at-lie.dane.test.\t3600\tIN\tA\t{PEER}"
        cls.zone = cls.begin(SignedZone(
            cls.root / "zone", "dane.test", NAMES, records, lies=[(truth, truth.replace(PEER, NOBODY))]))
        federation = (f"federation:\n  dane: true\n  root-key: {cls.zone.anchors}\n  name-servers:\n"
                      f"    - dane.test={NAMES}:{cls.zone.port}\nsite:\n")
        cls.paris = cls.begin(Tradewind(
            cls.root, "paris.test", cls.authority, OURS, server_port=5269, settings=[("site:\n", federation)]))
        cls.paris.perform("account", "create", "romeo", f"password={PASSWORD}")
        cls.romeo = cls.begin(
            Client("romeo@paris.test", PASSWORD, OURS, cls.paris.client_port, cls.authority))

    def ping(self, domain):
        """None if it answers, else the condition of the error."""
        async def run(xmpp):
            try:
                await xmpp["xep_0199"].send_ping(domain, timeout=30)
            except IqError as error:
                return error.condition
            return None

        return self.romeo.call(run, 40)

    def test_a_certificate_as_dns_announces_it_needs_no_authority(self):
        self.assertIsNone(self.ping("good.dane.test"), self.paris.log())

        def check(seen):
            for subject in ("SRV record", "DANE", "certificate", "authentication", "round trip"):
                self.assertEqual(seen[subject]["verdict"], "ok", seen)
            self.assertIn("DNS announces", seen["certificate"]["seen"])

        self.paris.examine("good.dane.test", code=0, check=check)

    def test_any_other_certificate_is_refused(self):
        self.assertIsNotNone(self.ping("other.dane.test"))
        self.assertIn("not what DNS announces", self.paris.log())

        def check(seen):
            self.assertEqual(seen["certificate"]["verdict"], "fault", seen)
            self.assertIn("not the one that DNS announces", seen["certificate"]["seen"])
            self.assertIn("TLSA", seen["certificate"]["cure"])

        self.paris.examine("other.dane.test", code=1, check=check)

    def test_where_dns_lies_nobody_connects(self):
        self.assertIsNotNone(self.ping("lie.dane.test"))
        self.assertIn("DNSSEC proves the answer false", self.paris.log())

        def check(seen):
            self.assertEqual(seen["DNSSEC"]["verdict"], "fault", seen)
            self.assertIn("signs the zone anew", seen["DNSSEC"]["cure"])
            self.assertNotIn("port", seen, "it is not even tried")

        self.paris.examine("lie.dane.test", code=1, check=check)

    def test_without_an_agent_the_doctor_says_the_same(self):
        self.paris.stop()
        try:
            for name, subject, verdict in (
                    ("good", "certificate", "ok"), ("other", "certificate", "fault"), ("lie", "DNSSEC", "fault")):
                # That there is no agent is a fault by itself.
                self.paris.examine(f"{name}.dane.test", code=1, check=lambda seen: self.assertEqual(
                    seen[subject]["verdict"], verdict, seen))
        finally:
            self.paris.start()


if __name__ == "__main__":
    unittest.main()
