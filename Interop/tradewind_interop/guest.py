"""Small real guests: Debian's cloud kernel and BusyBox, run by libvirt and QEMU."""
import os
import subprocess

FOLDER = "/var/tmp/tradewind-guest"
READY = "TRADEWIND GUEST READY"


def prepare():
    """Makes the guest unless it is there."""
    make = os.path.join(os.path.dirname(__file__), "..", "..", "deploy", "make-guest")
    subprocess.run([make, FOLDER], check=True, capture_output=True)


def site_options():
    """The options of `tradewind init` for a site that runs such guests."""
    options = ["--image-directory", FOLDER]
    if closed_to_guests():
        options += ["--guest-user", "root"]
    return options


def words(name):
    """What a command asks for to get one."""
    return ["memory=128M", "disk=64M", "format=kernel", f"image={FOLDER}/vmlinuz",
            f"initramfs={FOLDER}/initramfs.gz", f"command-line=console=ttyS0 tradewind.name={name}"]


def process_of(site, name):
    """The process id that libvirt keeps for a guest of a site; None while there is none."""
    path = site.directory / "data" / "libvirt" / "run" / "qemu" / f"{name}.pid"
    try:
        return int(path.read_text())
    except (FileNotFoundError, ValueError):
        return None


def closed_to_guests():
    """Whether libvirt's own user cannot open /dev/kvm, which makes libvirt probe QEMU anew at every start."""
    probe = ["setpriv", "--reuid", "libvirt-qemu", "--regid", "kvm", "--clear-groups", "test", "-w", "/dev/kvm"]
    return os.path.exists("/dev/kvm") and subprocess.run(probe, capture_output=True).returncode != 0
