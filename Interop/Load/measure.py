"""Measures throughput, latency, processor time and memory of XMPP servers under the same load, one after the other."""
import argparse
import concurrent.futures
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent)]

from flood import flood  # noqa: E402
from servers import PASSWORD, Ejabberd, Prosody, Tradewind  # noqa: E402
from tradewind_interop.authority import Authority  # noqa: E402
from tradewind_interop.waiting import wait_until  # noqa: E402

KINDS = {kind.name: kind for kind in (Tradewind, Prosody, Ejabberd)}
ADDRESSES = {"tradewind": ("127.0.5.1", "127.0.5.2"), "prosody": ("127.0.5.3", "127.0.5.4"),
             "ejabberd": ("127.0.5.5", "127.0.5.6")}
STARTTLS = ["-t", "1"]
IDLE_PAIRS = 500
CROWD_PAIRS = 1_000
LOGIN_PAIRS = 150
FLOOD_NAMES = 10_000_000
FLOOD_SECONDS = 600
# Messages a second that stay well below the rate at which the server reads each client.
QUIET_RATE = 200
# Seconds of the flood before the messages beside it are measured.
FLOOD_HEAD_START = 2
# Names of the same flood before memory is first read: what any busy stream needs is there then.
FIRST_NAMES = 100_000


class Load:
    """Runs the load generator against a server and tells what it and the server's process say."""

    def __init__(self, program, server, seconds, authority, other=None):
        self.program, self.server, self.seconds, self.other = program, server, seconds, other
        self.authority = authority

    def command(self, pairs, options):
        words = [self.program, "-j", "-A", self.server.address, "-D", self.server.domain, "-P", PASSWORD,
                 "-n", str(pairs), *options]
        if self.other:
            words += ["-B", self.other.address, "-E", self.other.domain]
        if self.server.registers:
            words.append("-R")
        return [str(word) for word in words]

    def run(self, pairs, options):
        done = subprocess.run(self.command(pairs, options), capture_output=True, text=True)
        if done.returncode != 0 or not done.stdout.strip():
            raise RuntimeError(f"the load generator failed: {done.stderr[-2000:]}{done.stdout[-500:]}")
        return json.loads(done.stdout.splitlines()[-1])

    def messages(self, pairs, window, *options):
        processes = [self.server] + ([self.other] if self.other else [])
        before = sum(process.cpu_seconds() for process in processes)
        result = self.run(pairs, ["-w", window, "-s", self.seconds, *options])
        used = sum(process.cpu_seconds() for process in processes) - before
        return {"messages/s": round(result["rate"]), "p50 ms": result["p50"], "p99 ms": result["p99"],
                "lost": result["lost"], "CPU µs/message": round(used / max(result["received"], 1) * 1e6, 1),
                "MB": round(sum(process.memory() for process in processes) / 1e6)}

    def logins(self, *options):
        # Once before: Prosody hashes a password when it is first used.
        self.run(LOGIN_PAIRS, ["-a", 20, *options])
        before = self.server.cpu_seconds()
        result = self.run(LOGIN_PAIRS, ["-a", 20, *options])
        # The generator logs in twice: to learn the salts, and for the measure.
        used = (self.server.cpu_seconds() - before) / (4 * LOGIN_PAIRS)
        return {"logins/s": round(result["logins"]), "CPU ms/login": round(used * 1e3, 2)}

    def idle(self, pairs, *options):
        """Starts a generator that holds sessions, and returns it once all are there."""
        holder = subprocess.Popen(self.command(pairs, ["-i", "-s", 300, *options]), stdout=subprocess.PIPE, text=True)
        result = json.loads(holder.stdout.readline() or '{"sessions": 0, "wanted": "the"}')
        if result["sessions"] != result["wanted"]:
            holder.kill()
            raise RuntimeError(f"only {result['sessions']} of {result['wanted']} sessions came up")
        return holder


def plain(load):
    return load.messages(20, 4)


def tls(load):
    return load.messages(20, 4, *STARTTLS)


def single(load):
    return load.messages(1, 1)


def logins(load):
    return load.logins()


def logins_tls(load):
    return load.logins(*STARTTLS)


def memory(load):
    """Resident growth for each idle session under TLS, after one login has warmed the process."""
    load.idle(1, *STARTTLS).kill()
    before = load.server.memory()
    holder = load.idle(IDLE_PAIRS, *STARTTLS)
    grown = (load.server.memory() - before) / (2 * IDLE_PAIRS)
    holder.kill()
    holder.wait()
    return {"kB/session": round(grown / 1000, 1)}


def crowd(load):
    """Many sessions that say nothing, then some that do."""
    holder = load.idle(CROWD_PAIRS, *STARTTLS)
    try:
        return load.messages(100, 4, "-o", 2 * CROWD_PAIRS, *STARTTLS)
    finally:
        holder.kill()
        holder.wait()


def names(load):
    """Resident growth while one stream brings distinct names, nobody else being there."""
    flood(load.server, "u0", PASSWORD, load.authority, FIRST_NAMES, FLOOD_SECONDS)
    load.server.forget_peak()
    before = load.server.memory()
    sent = flood(load.server, "u1", PASSWORD, load.authority, FLOOD_NAMES, FLOOD_SECONDS)
    return {"names": sent, "MB at most": round((load.server.peak_memory() - before) / 1e6, 2)}


def beside(load):
    """The same messages with and without somebody who floods the server, which reads clients at its usual rate."""
    alone = load.messages(4, 1, "-r", QUIET_RATE)
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        # More than is ever taken: the flood goes on for as long as the messages.
        flooding = pool.submit(flood, load.server, "u39", PASSWORD, load.authority, FLOOD_NAMES, load.seconds + 4)
        time.sleep(FLOOD_HEAD_START)
        during = load.messages(4, 1, "-r", QUIET_RATE)
        taken = flooding.result()
    return {"p99 ms alone": alone["p99 ms"], "p99 ms beside": during["p99 ms"], "p50 ms alone": alone["p50 ms"],
            "p50 ms beside": during["p50 ms"], "names written": taken, "lost": alone["lost"] + during["lost"]}


# What each row is called, its body, and whether it needs two servers.
ROWS = {
    "plain": ("client to client, plain, 20 pairs × window 4", plain, False),
    "tls": ("client to client, TLS, 20 × 4", tls, False),
    "archive": ("client to client, plain, archived, 20 × 4", plain, False),
    "single": ("client to client, plain, one at a time", single, False),
    "logins": ("logins with SCRAM, plain", logins, False),
    "logins-tls": ("logins with SCRAM, TLS", logins_tls, False),
    "memory": ("memory of an idle TLS session", memory, False),
    "crowd": ("2,000 idle TLS sessions, then 100 × 4", crowd, False),
    "names": ("one stream that brings ten million distinct names", names, False),
    "beside": ("200 messages a second of 4 pairs, beside a flood of names", beside, False),
    "s2s": ("across servers, TLS between them, 20 × 4", plain, True),
    "s2s-single": ("across servers, one at a time", single, True),
}


# Rows that not every server takes part in. Prosody may not open so many files under Debian's limits, and ejabberd
# takes minutes to register so many; ejabberd's archive is in memory unless it is given an SQL server.
ONLY = {"crowd": {"tradewind"}, "archive": {"tradewind", "prosody"}, "names": {"tradewind"}, "beside": {"tradewind"}}


def accounts(row):
    return {"crowd": 2 * CROWD_PAIRS + 200, "memory": 2 * IDLE_PAIRS, "logins": 2 * LOGIN_PAIRS,
            "logins-tls": 2 * LOGIN_PAIRS}.get(row, 40)


def measure(kind, row, folder, authority, program, seconds):
    """One row for one kind of server, on servers started for it alone."""
    addresses = ADDRESSES[kind.name]
    domains = [f"{kind.name}{index}.test" for index in range(2)]
    hosts = folder / f"hosts-{kind.name}-{row}"
    hosts.write_text("".join(f"{ip} {domain}\n" for ip, domain in zip(addresses, domains)))
    _, body, across = ROWS[row]
    neighbours = list(zip(domains, addresses))
    running = []
    try:
        for index in range(2 if across else 1):
            running.append(kind(folder / f"{kind.name}-{row}-{index}", domains[index], addresses[index], authority,
                                hosts, accounts(row), neighbours, archive=row == "archive", rates=row == "beside"))
        return body(Load(program, running[0], seconds, authority, running[1] if across else None))
    finally:
        for server in running:
            server.stop()
            wait_until(lambda: not pathlib.Path(f"/proc/{server.pid}").exists(), 20, f"{server.name} is gone")


def build(folder, name):
    program = folder / name
    subprocess.run(["cc", "-O2", "-o", str(program), str(HERE / f"{name}.c"), "-lssl", "-lcrypto"], check=True)
    return program


def openssl_memory(folder, authority):
    stem = authority.issue("memory.test")
    program = build(folder, "openssl_memory")
    return int(subprocess.run([program, f"{stem}.crt", f"{stem}.key"], capture_output=True, check=True).stdout)


def table(results):
    lines = []
    for row, byserver in results["rows"].items():
        lines.append(f"\n{ROWS[row][0]}")
        for server, values in byserver.items():
            lines.append(f"  {server:10} " + "  ".join(f"{key} {value}" for key, value in values.items()))
    return "\n".join(lines)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--servers", default=",".join(KINDS))
    parser.add_argument("--rows", default=",".join(ROWS))
    parser.add_argument("--seconds", type=int, default=10)
    parser.add_argument("--json", type=pathlib.Path)
    arguments = parser.parse_args()
    kinds = [KINDS[name] for name in arguments.servers.split(",")]
    folder = pathlib.Path(tempfile.mkdtemp(prefix="load-", dir="/var/tmp"))
    folder.chmod(0o755)
    try:
        authority = Authority(folder / "authority")
        program = build(folder, "xload")
        results = {
            "versions": {kind.name: kind.version() for kind in kinds}, "processors": os.cpu_count(),
            "load before": os.getloadavg()[0], "OpenSSL bytes/session": openssl_memory(folder, authority), "rows": {}}
        for row in arguments.rows.split(","):
            results["rows"][row] = {}
            for kind in [kind for kind in kinds if kind.name in ONLY.get(row, KINDS)]:
                print(f"measuring {row} of {kind.name} …", file=sys.stderr)
                try:
                    values = measure(kind, row, folder, authority, program, arguments.seconds)
                except (RuntimeError, AssertionError) as error:
                    values = {"failed": str(error)[-300:]}
                results["rows"][row][kind.name] = values
        print({key: value for key, value in results.items() if key != "rows"}, table(results))
        if arguments.json:
            arguments.json.write_text(json.dumps(results, indent=1, ensure_ascii=False) + "\n")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
