"""OpenStack Placement and our own decisions on the same machine, in one run.

Placement runs under gunicorn (two processes of four threads) over MariaDB with its files in memory, its best case.
One decision is what Nova makes of it: ask for ten candidates, take one of them at random, claim it, and go on to the
next when the claim is refused. The requests have the size that `Benchmarks decisions` asks for, and in neither room is
the bound. Placement knows no users, prices or carbon: it is asked for any provider, and for one of a fortieth of them
(a trait), which is the nearest to our forty kinds of requests and easier for it. Ours are decided in process; what is
compared with Placement's answers over HTTP is the deciding and claiming, not the way there.
"""

import argparse
import concurrent.futures
import contextlib
import http.client
import json
import multiprocessing
import os
import pathlib
import random
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import uuid

KINDS = 40
# The size of a replica in `Benchmarks decisions`, and the places at each provider: more than are asked for.
SIZE = {"VCPU": 2, "MEMORY_MB": 4_096, "DISK_GB": 20}
WANTED = ",".join(f"{kind}:{amount}" for kind, amount in SIZE.items())
PLACES = 10_000
LIMIT = 10
LOADERS = 4
HEADERS = {
    "X-Auth-Token": "admin",
    "OpenStack-API-Version": "placement 1.39",
    "Content-Type": "application/json",
    "Accept": "application/json",
}


class Api:
    """One client with one connection, opened again when the server has closed it."""

    def __init__(self, port):
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120)

    def __call__(self, method, path, body=None):
        text = None if body is None else json.dumps(body)
        for is_last in (False, True):
            try:
                self.connection.request(method, path, text, HEADERS)
                response = self.connection.getresponse()
                return response.status, response.read()
            except (http.client.RemoteDisconnected, ConnectionError):
                self.connection.close()
                if is_last:
                    raise

    def expect(self, method, path, body=None):
        status, answer = self(method, path, body)
        if status not in (200, 201, 204):
            raise SystemExit(f"{method} {path}: {status} {answer[:500]}")


def provider(number):
    return str(uuid.UUID(int=0x7000_0000_0000_4000_8000_0000_0000_0000 + number))


def wait_for(condition, what, seconds=60):
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            raise SystemExit(f"{what} did not come up within {seconds} s")
        time.sleep(0.2)


@contextlib.contextmanager
def running(command, log, **options):
    """A program that is ended when the block is left."""
    with open(log, "wb") as file:
        process = subprocess.Popen(command, stdout=file, stderr=file, stdin=subprocess.DEVNULL, **options)
        try:
            yield process
        finally:
            process.terminate()
            try:
                process.wait(30)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


@contextlib.contextmanager
def database(folder):
    """MariaDB with its files in memory, on a socket file alone; yields the address for Placement."""
    account = subprocess.run(["id", "-un"], check=True, capture_output=True, text=True).stdout.strip()
    files = ["--no-defaults", f"--user={account}", f"--datadir={folder}/mariadb"]
    subprocess.run(
        ["mariadb-install-db", *files, "--auth-root-authentication-method=normal"],
        check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )
    path = folder / "mariadb.socket"
    command = ["mariadbd", *files, f"--socket={path}", "--skip-networking", "--innodb-buffer-pool-size=1G"]
    with running(command, folder / "mariadb.log"):
        client = ["mariadb", "--no-defaults", "-S", str(path), "-uroot", "-e"]
        create = "create database if not exists placement character set utf8mb4"
        wait_for(
            lambda: subprocess.run([*client, create], stderr=subprocess.DEVNULL, check=False).returncode == 0,
            "MariaDB",
        )
        yield f"mysql+pymysql://root@localhost/placement?unix_socket={path}&charset=utf8mb4"


@contextlib.contextmanager
def placement(folder, address):
    """The Placement API over that database; yields its port."""
    programs = pathlib.Path(sys.executable).parent
    (folder / "placement.conf").write_text(
        f"[api]\nauth_strategy = noauth2\n[placement_database]\nconnection = {address}\n", encoding="utf-8"
    )
    subprocess.run(
        [programs / "placement-manage", "--config-file", folder / "placement.conf", "db", "sync"],
        check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    command = [
        programs / "gunicorn", "-b", f"127.0.0.1:{port}", "-w", "2", "-k", "gthread", "--threads", "4",
        "--keep-alive", "60", "--timeout", "120", "--log-level", "error", "placement.wsgi.api:application",
    ]
    environment = os.environ | {"OS_PLACEMENT_CONFIG_DIR": str(folder)}
    with running(command, folder / "placement.log", env=environment):

        def is_up():
            try:
                return Api(port)("GET", "/")[0] == 200
            except OSError:
                return False

        wait_for(is_up, "Placement")
        yield port


def load(port, first, last):
    """Registers providers, a few at a time."""

    def work(offset):
        api = Api(port)
        for number in range(first + offset, last, LOADERS):
            path = f"/resource_providers/{provider(number)}"
            api.expect("POST", "/resource_providers", {"name": f"site{number}", "uuid": provider(number)})
            totals = {kind: amount * PLACES for kind, amount in SIZE.items()}
            api.expect("PUT", f"{path}/inventories", {
                "resource_provider_generation": 0,
                "inventories": {kind: {"total": total, "max_unit": total} for kind, total in totals.items()},
            })
            traits = {"resource_provider_generation": 1, "traits": [f"CUSTOM_KIND_{number % KINDS}"]}
            api.expect("PUT", f"{path}/traits", traits)

    if first == 0:
        for kind in range(KINDS):
            Api(port).expect("PUT", f"/traits/CUSTOM_KIND_{kind}")
    with concurrent.futures.ThreadPoolExecutor(LOADERS) as pool:
        list(pool.map(work, range(LOADERS)))


def decide(api, rng, with_trait):
    """Candidates, a random one of them, a claim, until one is granted; the claims that were refused."""
    query = f"/allocation_candidates?resources={WANTED}&limit={LIMIT}"
    if with_trait:
        query += f"&required=CUSTOM_KIND_{rng.randrange(KINDS)}"
    status, answer = api("GET", query)
    candidates = json.loads(answer)["allocation_requests"] if status == 200 else []
    rng.shuffle(candidates)
    for refused, candidate in enumerate(candidates):
        claim = {
            "allocations": {name: {"resources": SIZE} for name in candidate["allocations"]},
            "project_id": str(uuid.UUID(int=1)), "user_id": str(uuid.UUID(int=2)),
            "consumer_generation": None, "consumer_type": "INSTANCE",
        }
        consumer = uuid.UUID(int=rng.getrandbits(128), version=4)
        if api("PUT", f"/allocations/{consumer}", claim)[0] == 204:
            return refused
    return None


def call(port, seed, seconds, with_trait, results):
    """One caller, decision after decision until the time is up."""
    rng, api = random.Random(seed), Api(port)
    times, refused, without = [], 0, 0
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        began = time.perf_counter()
        refusals = decide(api, rng, with_trait)
        if refusals is None:
            without += 1
        else:
            times.append(time.perf_counter() - began)
            refused += refusals
    results.put((times, refused, without))


def measure(port, callers, seconds, with_trait):
    results = multiprocessing.Queue()
    began = time.monotonic()
    processes = [
        multiprocessing.Process(target=call, args=(port, seed, seconds, with_trait, results))
        for seed in range(callers)
    ]
    for process in processes:
        process.start()
    answers = [results.get() for _ in processes]
    took = time.monotonic() - began
    for process in processes:
        process.join()
    times = sorted(value for some, _, _ in answers for value in some)
    if not times:
        raise SystemExit("Placement granted nothing in the time: give more with --seconds")
    return {
        "decisions/s": len(times) / took,
        "p50 ms": 1_000 * times[len(times) // 2],
        "p99 ms": 1_000 * times[min(len(times) - 1, len(times) * 99 // 100)],
        "refused claims": sum(refused for _, refused, _ in answers),
        "without a candidate": sum(without for _, _, without in answers),
    }


def ours():
    """What `Benchmarks decisions` says, by sites and callers."""
    answer = subprocess.run(
        [os.environ["BENCHMARKS"], "decisions", "--json"], check=True, stdout=subprocess.PIPE
    ).stdout
    values = {one["name"]: one["value"] for one in json.loads(answer)[0]["measurements"]}

    def find(sites, callers):
        label = f"{sites} sites, {callers} at once"
        if f"{label}: p50" not in values:
            raise SystemExit(f"`Benchmarks decisions` does not measure {label}")
        return {
            "decisions/s": values[f"{label}: decisions with claims"],
            "p50 ms": values[f"{label}: p50"],
            "p99 ms": values[f"{label}: p99"],
        }

    return find


def numbers(text):
    return [int(part) for part in text.split(",")]


def table(rows):
    heads = [
        "sites", "callers", "Placement, any site", "Placement, one of 40 traits", "Tradewind",
        "Tradewind ÷ the better",
    ]
    print(f"| {' | '.join(heads)} |")
    print("|" + " --- |" * len(heads))
    for row in rows:
        cells = [
            f"{one['decisions/s']:,.1f}/s, p50 {one['p50 ms']:,.2f} ms, p99 {one['p99 ms']:,.2f} ms"
            for one in (row["any"], row["trait"], row["ours"])
        ]
        print(f"| {row['sites']} | {row['callers']} | {' | '.join(cells)} | {row['ratio']:.0f} |")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", type=numbers, default=[100, 1_000, 5_000])
    parser.add_argument("--callers", type=numbers, default=[1, 8])
    parser.add_argument("--seconds", type=float, default=20)
    parser.add_argument("--json", help="a file for the numbers")
    arguments = parser.parse_args()
    memory = "/dev/shm" if os.path.isdir("/dev/shm") else None
    folder = pathlib.Path(tempfile.mkdtemp(prefix="tradewind-placement.", dir=memory))
    rows = []
    try:
        with database(folder) as address, placement(folder, address) as port:
            loaded = 0
            for sites in sorted(arguments.sizes):
                print(f"registering {sites - loaded} providers …", file=sys.stderr)
                load(port, loaded, sites)
                loaded = sites
                for callers in arguments.callers:
                    print(f"measuring Placement: {sites} providers, {callers} callers …", file=sys.stderr)
                    rows.append({
                        "sites": sites, "callers": callers,
                        "any": measure(port, callers, arguments.seconds, False),
                        "trait": measure(port, callers, arguments.seconds, True),
                    })
    except BaseException:
        for log in folder.glob("*.log"):
            print(f"--- {log.name}\n{log.read_text(errors='replace')[-2_000:]}", file=sys.stderr)
        raise
    finally:
        shutil.rmtree(folder)
    find = ours()
    for row in rows:
        row["ours"] = find(row["sites"], row["callers"])
        best = max(row["any"]["decisions/s"], row["trait"]["decisions/s"])
        row["ratio"] = row["ours"]["decisions/s"] / best
    table(rows)
    if arguments.json:
        pathlib.Path(arguments.json).write_text(json.dumps(rows, indent=2), encoding="utf-8")


if __name__ == "__main__":
    main()
