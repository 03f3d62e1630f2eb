"""A real `tradewind serve`, configured by `tradewind init`."""
import contextlib
import json
import os
import pathlib
import signal
import socket
import subprocess
import urllib.request

from .waiting import wait_until

EXECUTABLE = os.environ.get("TRADEWIND", "tradewind")
STOP_SECONDS = 20
# From one look of the doctor to the next: a site lets ten a minute through.
LOOK_SECONDS = 7


def free_ports(*addresses):
    """A port at each address; none is given back before the last is drawn, or the same might be drawn again."""
    with contextlib.ExitStack() as stack:
        probes = [stack.enter_context(socket.socket()) for _ in addresses]
        for probe, address in zip(probes, addresses):
            probe.bind((address, 0))
        return [probe.getsockname()[1] for probe in probes]


def free_port(address="127.0.0.1"):
    return free_ports(address)[0]


class Tradewind:
    """Speaks for `domain`; its certificate comes from the run's authority.

    With an `attachment`, the options of `tradewind init` for it, it speaks through somebody else's server; `domain` is
    then whatever its address is. `files` are written into its folder, texts by their names.
    """

    def __init__(self, root, domain, authority, address="127.0.0.1", server_port=None, routes=(),
                 driver="memory", coordinator=False, settings=(), options=(), attachment=None, admin="admin",
                 usages="serverAuth,clientAuth", files=None):
        self.domain = domain
        # Where requests go: a client's process is one of the resources of its account.
        self.entity = f"{domain}/tradewind" if "@" in domain else domain
        self.address = address
        self.directory = pathlib.Path(root) / domain
        self.client_port, free, self.http_port = free_ports(address, address, "127.0.0.1")
        self.server_port = server_port or free
        if attachment is None:
            stem = authority.issue(domain, usages)
            attachment = [
                "--domain", domain, "--certificate", f"{stem}.crt", "--key", f"{stem}.key",
                "--client-port", str(self.client_port), "--server-port", str(self.server_port)]
        arguments = [
            EXECUTABLE, "init", "--directory", str(self.directory), "--admin", admin, "--driver", driver,
            "--http-port", str(self.http_port), *attachment, *options]
        if coordinator:
            arguments.append("--coordinator")
        for route in routes:
            arguments += ["--route", route]
        done = subprocess.run(arguments, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr or done.stdout
        self.configuration = self.directory / "tradewind.yaml"
        text = self.configuration.read_text()
        text = text.replace("authorities: system", f"authorities: {authority.certificate}")
        text = text.replace("  clients:\n", f"  clients:\n    host: {address}\n")
        text = text.replace("  servers:\n", f"  servers:\n    host: {address}\n")
        for old, new in settings:
            assert old in text, f"{old!r} is not in {text}"
            text = text.replace(old, new)
        self.configuration.write_text(text)
        for name, content in (files or {}).items():
            (self.directory / name).write_text(content)
        self.process = None
        self.start()

    def start(self):
        with open(self.directory / "log", "ab") as log:
            self.process = subprocess.Popen(
                [EXECUTABLE, "serve", "--config", str(self.configuration)], stdin=subprocess.DEVNULL,
                stdout=log, stderr=subprocess.STDOUT)
        try:
            wait_until(self.is_healthy, 120, f"{self.domain} answers", self.log)
        except AssertionError:
            self.kill()
            raise

    def is_healthy(self):
        """Whether it can do its work: if it is attached to another server, whether it is connected there."""
        if self.process.poll() is not None:
            raise AssertionError(f"{self.domain} ended by itself: {self.log()}")
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.http_port}/healthz", timeout=2) as answer:
                return answer.status == 200
        except OSError:
            return False

    def log(self):
        return (self.directory / "log").read_text(errors="replace")[-4000:]

    def perform(self, *words):
        """Runs one command as a user would and returns its answer's value."""
        done = subprocess.run(
            [EXECUTABLE, *words, "--json", "--yes", "--config", str(self.configuration)],
            capture_output=True, text=True, timeout=120)
        if done.returncode != 0:
            raise AssertionError(f"tradewind {' '.join(words)}: {done.stderr or done.stdout}")
        return json.loads(done.stdout)["value"]

    def machines(self):
        """The name and state of each machine here, sorted."""
        return sorted((m["specification"]["name"], m["state"]) for m in self.perform("machine", "list"))

    def examine(self, *words, code, check):
        """Asks `tradewind doctor` until it ends with `code` and `check` is content with its findings, by subject.

        It waits for no answer longer than some seconds, so a pause of this machine makes it find something else.
        """
        told = ""

        def is_content():
            nonlocal told
            done = subprocess.run(
                [EXECUTABLE, "doctor", *words, "--json", "--config", str(self.configuration)],
                capture_output=True, text=True, timeout=120)
            told = f"it ended with {done.returncode}: {done.stderr}{done.stdout}"
            if done.returncode != code:
                return False
            try:
                report = json.loads(done.stdout)
                assert (report["verdict"] == "fault") == (code == 1), report["verdict"]
                check({finding["subject"]: finding for finding in report["findings"]})
            # What is no JSON says that there were too many looks.
            except (AssertionError, KeyError, json.JSONDecodeError) as failure:
                told = f"{failure!r}: {told}"
                return False
            return True

        wait_until(is_content, 120, f"tradewind doctor {' '.join(words)} finds what it should", lambda: told,
                   LOOK_SECONDS)

    def kill(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait(STOP_SECONDS)

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.kill()
            raise AssertionError(f"{self.domain} did not stop: {self.log()}") from None
        if self.process.returncode != 0:
            raise AssertionError(f"{self.domain} ended with {self.process.returncode}: {self.log()}")


def join(one, other, permissions="all"):
    """Makes two processes allies; `one` may then do `permissions` at `other`."""
    def knows(here, there):
        return any(site["site"] == there.domain for site in here.perform("site", "list"))

    def are_allies():
        return all(
            any(site["site"] == there.domain and site["standing"] == "member"
                for site in here.perform("site", "list"))
            for here, there in ((one, other), (other, one)))

    one.perform("site", "invite", other.domain)
    # An invitation that did not get through is tried again after 10 s.
    wait_until(lambda: knows(other, one), 60, f"{other.domain} hears of {one.domain}", other.log)
    other.perform("site", "accept", one.domain, f"permissions={permissions}")
    wait_until(are_allies, 60, f"{one.domain} and {other.domain} are allies", one.log)
