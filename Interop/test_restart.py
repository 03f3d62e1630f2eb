"""An agent that is killed never takes its machines along, and finds them again."""
import os
import subprocess
import unittest

from tradewind_interop.tradewind import Tradewind
from tradewind_interop.waiting import wait_until
from tradewind_interop.workspace import Workspace

GUEST = "/var/tmp/tradewind-guest"
READY = "TRADEWIND GUEST READY"


def closed_to_guests():
    """Whether libvirt's own user cannot open /dev/kvm, which makes libvirt probe QEMU anew at every start."""
    probe = ["setpriv", "--reuid", "libvirt-qemu", "--regid", "kvm", "--clear-groups", "test", "-w", "/dev/kvm"]
    return os.path.exists("/dev/kvm") and subprocess.run(probe, capture_output=True).returncode != 0


class RestartTests(Workspace):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        make = os.path.join(os.path.dirname(__file__), "..", "deploy", "make-guest")
        subprocess.run([make, GUEST], check=True, capture_output=True)
        options = ["--image-directory", GUEST]
        if closed_to_guests():
            options += ["--guest-user", "root"]
        cls.site = cls.begin(Tradewind(cls.root, "r.test", cls.authority, driver="libvirt", options=options))

    def machine(self):
        return next((m for m in self.site.perform("machine", "list") if m["specification"]["name"] == "tough"), None)

    def console(self):
        return str(self.site.perform("machine", "console", "tough", "lines=200"))

    def test_a_guest_outlives_its_agent_and_its_death_is_noticed(self):
        self.site.perform(
            "machine", "create", "tough", "memory=128M", "disk=64M", "format=kernel", f"image={GUEST}/vmlinuz",
            f"initramfs={GUEST}/initramfs.gz", "command-line=console=ttyS0 tradewind.name=tough")
        wait_until(lambda: READY in self.console(), 90, "the guest boots", self.site.log)
        guest = self.process_of("tough")
        before = self.machine()

        self.site.kill()
        os.kill(guest, 0)
        self.site.start()

        wait_until(lambda: self.machine() and self.machine()["state"] == "running", 30, "it is adopted again",
                   self.site.log)
        self.assertEqual(self.machine()["id"], before["id"])
        self.assertEqual(self.process_of("tough"), guest)

        os.kill(guest, 9)
        wait_until(lambda: self.machine()["state"] == "failed", 2, "its death is noticed", self.site.log)
        self.site.perform("machine", "delete", "tough")
        wait_until(lambda: self.machine() is None, 20, "it is deleted", self.site.log)

    def process_of(self, name):
        """The process id that libvirt keeps for a guest of this site."""
        path = self.site.directory / "data" / "libvirt" / "run" / "qemu" / f"{name}.pid"
        return int(path.read_text())


if __name__ == "__main__":
    unittest.main()
