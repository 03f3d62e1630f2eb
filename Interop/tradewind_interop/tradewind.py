"""A real `tradewind serve`, configured by `tradewind init`."""
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


def free_port(address="127.0.0.1"):
    with socket.socket() as probe:
        probe.bind((address, 0))
        return probe.getsockname()[1]


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
        self.client_port = free_port(address)
        self.server_port = server_port or free_port(address)
        self.http_port = free_port()
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
            wait_until(self._is_healthy, 30, f"{self.domain} answers", self.log)
        except AssertionError:
            self.kill()
            raise

    def _is_healthy(self):
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

    def examine(self, *words):
        """What `tradewind doctor` finds: its exit code, and the findings by what was looked at."""
        done = subprocess.run(
            [EXECUTABLE, "doctor", *words, "--json", "--config", str(self.configuration)],
            capture_output=True, text=True, timeout=120)
        try:
            report = json.loads(done.stdout)
        except json.JSONDecodeError:
            raise AssertionError(f"tradewind doctor {' '.join(words)}: {done.stderr or done.stdout}") from None
        return done.returncode, {finding["subject"]: finding for finding in report["findings"]}

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
    wait_until(lambda: knows(other, one), 20, f"{other.domain} hears of {one.domain}", other.log)
    other.perform("site", "accept", one.domain, f"permissions={permissions}")
    wait_until(are_allies, 20, f"{one.domain} and {other.domain} are allies", one.log)
