"""The client libraries against real processes: Python's own day, and what happens when answers are lost."""
import http.server
import os
import pathlib
import re
import shutil
import socket
import subprocess
import sys
import threading
import time
import unittest
import unittest.mock
import urllib.error
import urllib.request

from tradewind_interop.tradewind import Tradewind, join
from tradewind_interop.waiting import wait_until
from tradewind_interop.workspace import Workspace

LIBRARY = pathlib.Path(__file__).parent.parent / "clients" / "python"
sys.path.insert(0, str(LIBRARY))

import tradewind  # noqa: E402

NETWORK = "127.0.57"
ADDRESSES = {name: f"{NETWORK}.{number}" for number, name in enumerate(
    ["coordinator.test", "second.test", "tokyo.test"], 1)}


class QuietHandler(http.server.BaseHTTPRequestHandler):
    """Says nothing of what it is asked."""

    def log_message(self, *_):
        pass


class LoopbackServer(http.server.ThreadingHTTPServer):
    """Answers with `handler`, on a port of the kernel's choice, until it is closed."""

    def __init__(self, handler):
        super().__init__(("127.0.0.1", 0), handler)
        self.address = f"http://127.0.0.1:{self.server_address[1]}"
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def close(self):
        self.shutdown()
        self.server_close()


class LossyProxy(LoopbackServer):
    """Passes requests on and loses the answers of the first few that change something."""

    def __init__(self, target, losses):
        self.lost = 0
        proxy = self

        class Handler(QuietHandler):
            def do_GET(self):
                self.forward()

            do_POST = do_PUT = do_DELETE = do_GET

            def forward(self):
                body = self.rfile.read(int(self.headers.get("Content-Length", 0))) or None
                request = urllib.request.Request(
                    target + self.path, method=self.command, data=body, headers=dict(self.headers))
                try:
                    with urllib.request.urlopen(request) as answer:
                        status, content = answer.status, answer.read()
                except urllib.error.HTTPError as error:
                    status, content = error.code, error.read()
                if self.command != "GET" and proxy.lost < losses:
                    proxy.lost += 1
                    self.close_connection = True
                    return
                self.send_response(status)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

        super().__init__(Handler)


class APIClientTests(Workspace):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.image = cls.root / "image.qcow2"
        cls.image.write_bytes(b"the in-memory driver boots anything")
        cls.coordinator, cls.second = (
            cls.begin_process(name, driver="none", coordinator=True) for name in ("coordinator.test", "second.test"))
        cls.tokyo = cls.begin_process("tokyo.test", options=["--image-directory", str(cls.root)])
        for coordinator in (cls.coordinator, cls.second):
            join(coordinator, cls.tokyo, "reservation,machine")
            cls.wait_for_site(coordinator)

    @staticmethod
    def wait_for_site(coordinator):
        """Waits until the coordinator knows what the site has, and hears it."""
        wait_until(lambda: any(site.get("capacity", {}).get("free", {}).get("vcpus")
                               and site.get("reachability", "reachable") == "reachable"
                               for site in coordinator.perform("site", "list")),
                   40, "the site tells of its capacity", coordinator.log)

    @classmethod
    def begin_process(cls, domain, **others):
        routes = [f"{other}={address}:5269" for other, address in ADDRESSES.items() if other != domain]
        return cls.begin(Tradewind(
            cls.root, domain, cls.authority, ADDRESSES[domain], server_port=5269, routes=routes, **others))

    @staticmethod
    def address(process):
        return f"http://127.0.0.1:{process.http_port}"

    @staticmethod
    def token(process):
        return (process.directory / "token").read_text().strip()

    def client(self, process=None, server=None):
        process = process or self.coordinator
        return tradewind.Client(server or self.address(process), self.token(process))

    def serve(self, handler):
        """A server of the test's own, until the test is over."""
        server = LoopbackServer(handler)
        self.addCleanup(server.close)
        return server

    def place(self, client, name, **wishes):
        placement = client.place(name, image=str(self.image), memory="128M", audience=["tokyo.test"], **wishes)
        self.addCleanup(placement.remove)
        return placement

    def machines(self, name):
        return [machine for machine in self.tokyo.perform("machine", "list")
                if machine["specification"]["name"].startswith(f"{name}-")]

    def test_a_program_places_waits_watches_scales_and_removes(self):
        client = self.client()
        plan = client.plan("day", image=str(self.image), memory="128M")
        self.assertTrue(plan.is_complete)
        self.assertEqual([a.site for a in plan.assignments], ["tokyo.test"])
        self.assertIn("tokyo.test", plan.text)
        day = self.place(client, "day", replicas=2)
        workload = day.wait_until_running(60)
        self.assertEqual([(r.index, r.site, r.state) for r in workload.replicas],
                         [(0, "tokyo.test", "running"), (1, "tokyo.test", "running")])
        self.assertIn(day.id, [w.id for w in client.list()])
        kinds = []
        for event in day.events():
            kinds.append((event.kind, event.replica))
            if {("running", 0), ("running", 1)} <= set(kinds):
                break
        self.assertIn(("placed", 0), kinds)
        client.scale("day", 3)
        wait_until(lambda: len(day.wait_until_running(60).replicas) == 3, 60, "there are three", self.coordinator.log)
        self.assertEqual(client.placement("day").remove().state, "removed")
        told = list(day.events())
        self.assertEqual([e.number for e in told], list(range(1, len(told) + 1)))
        self.assertEqual(told[-1].kind, "removed")
        rest = list(day.events(after=told[1].position))
        self.assertEqual(rest, told[2:])
        self.assertEqual(self.machines("day"), [])

    def test_the_example_of_the_readme_runs(self):
        text = (LIBRARY / "README.md").read_text()
        example = "\n".join(re.findall(r"```python\n(.*?)```", text, re.S))
        # All of it but where things are.
        for name in ("server", "token", "image", "document"):
            example, count = re.subn(rf"^{name} = .*\n", "", example, flags=re.M)
            self.assertEqual(count, 1, name)
        printed = []
        exec(compile(example, "README.md", "exec"), {  # our own text
            "server": self.address(self.coordinator), "token": self.token(self.coordinator),
            "image": str(self.image), "document": self.document("sample", "{after: [db]}"),
            "print": lambda *words: printed.append(words)})
        self.assertIn((0, "tokyo.test"), printed)
        self.assertIn((("tokyo.test",),), printed)
        wait_until(lambda: self.machines("shop") + self.machines("sample") == [], 60, "all is gone",
                   self.coordinator.log)

    def test_an_answer_that_is_lost_is_asked_for_again_and_nothing_happens_twice(self):
        proxy = self.begin(LossyProxy(self.address(self.coordinator), 2))
        lossy = self.place(self.client(server=proxy.address), "lossy")
        self.assertEqual(proxy.lost, 2)
        lossy.wait_until_running(60)
        self.assertEqual(len(self.machines("lossy")), 1)
        self.assertEqual([w.name for w in self.client().list()].count("lossy"), 1)

    def test_the_same_key_is_the_same_workload_and_nothing_else(self):
        client = self.client()
        first = self.place(client, "keyed", key="k-1")
        self.assertEqual(self.place(client, "keyed", key="k-1").id, first.id)
        with self.assertRaises(tradewind.TradewindError) as refused:
            self.place(client, "keyed", replicas=2, key="k-1")
        self.assertEqual(refused.exception.code, "key-reused")
        self.assertIn("new key", refused.exception.next)
        # The key of a workload outlives the process.
        self.coordinator.stop()
        self.coordinator.start()
        self.wait_for_site(self.coordinator)
        self.assertEqual(self.place(client, "keyed", key="k-1").id, first.id)

    def test_two_coordinators_given_the_same_key_place_two_workloads_and_neither_knows_the_other(self):
        placements = [self.place(self.client(process), name, key="twin-1")
                      for process, name in ((self.coordinator, "twin-a"), (self.second, "twin-b"))]
        for placement in placements:
            placement.wait_until_running(60)
        self.assertNotEqual(placements[0].id, placements[1].id)
        machines = self.machines("twin-a") + self.machines("twin-b")
        self.assertEqual({machine["replica"]["workload"] for machine in machines}, {p.id for p in placements})
        # The same request, name and all: the only site has that machine already, for another holder.
        self.place(self.client(), "same", key="twin-2").wait_until_running(60)
        with self.assertRaises(tradewind.TradewindError) as refused:
            self.place(self.client(self.second), "same", key="twin-2").wait_until_running(60)
        self.assertEqual(refused.exception.code, "failed")
        self.assertEqual(len(self.machines("same")), 1)

    def test_a_watch_outlives_the_process_that_is_watched(self):
        client = self.client()
        web = self.place(client, "outlived")
        web.wait_until_running(60)
        events = client.watch("outlived")
        numbers = [next(events).number]
        self.coordinator.stop()
        self.coordinator.start()
        self.wait_for_site(self.coordinator)
        client.scale("outlived", 2)
        while True:
            event = next(events)
            numbers.append(event.number)
            if (event.kind, event.replica) == ("running", 1):
                break
        self.assertEqual(numbers, list(range(1, len(numbers) + 1)))

    def test_errors_say_what_to_do(self):
        client = self.client()
        for ask, code in (
                (lambda: client.show("nothing"), "not-found"),
                (lambda: list(client.watch("nothing")), "not-found"),
                (lambda: client.plan("absurd", image=str(self.image), max_price=-1), "bad-request"),
                (lambda: client.plan("typo", image=str(self.image), replica=2), "bad-request"),
                (lambda: tradewind.Client(self.address(self.coordinator), "guess").list(), "unauthenticated"),
                (lambda: tradewind.Client("http://127.0.0.1:1", "guess", attempts=2).list(), "unreachable"),
                (lambda: client.place("huge", image=str(self.image), vcpus=1000), "refused")):
            with self.assertRaises(tradewind.TradewindError) as refused:
                ask()
            self.assertEqual(refused.exception.code, code)
            self.assertTrue(refused.exception.next, code)

    def document(self, name, web):
        usual = f"{{image: {self.image}, memory: 128 MiB}}"
        return f"application: {name}\ndefaults: {usual}\nparts:\n  db: {{only: [tokyo.test]}}\n  web: {web}\n"

    def apply(self, client, document, **options):
        application = client.apply(document, **options)
        self.addCleanup(self.tidy, application)
        return application

    @staticmethod
    def tidy(application):
        try:
            application.remove()
        except tradewind.TradewindError as error:
            if error.code != "not-found":  # it is gone already
                raise

    def test_an_application_is_planned_applied_waited_for_part_by_part_and_removed(self):
        client = self.client()
        document = self.document("pair", "{replicas: 2, after: [db]}")
        plan = client.plan_application(document)
        self.assertEqual([(c.part, c.kind, c.destroys) for c in plan.changes],
                         [("db", "add", False), ("web", "add", False)])
        self.assertEqual([a.site for a in plan.plans["db"].assignments], ["tokyo.test"])
        self.assertFalse(plan.destroys)
        pair = self.apply(client, document, key="pair-1")
        self.assertEqual(client.apply(document, key="pair-1").id, pair.id)
        db = pair.wait_until_part_runs("db", 60)
        self.assertEqual((db.state, list(db.sites)), ("running", ["tokyo.test"]))
        status = pair.wait_until_running(60)
        self.assertEqual([(p.name, p.state, p.running) for p in status.parts],
                         [("db", "running", 1), ("web", "running", 2)])
        self.assertEqual(client.application("pair").id, pair.id)
        self.assertIn("pair", [a.name for a in client.list_applications()])
        with self.assertRaises(tradewind.TradewindError) as refused:
            pair.wait_until_part_runs("cache", 60)
        self.assertEqual(refused.exception.code, "not-found")
        less = self.document("pair", "{after: [db]}")
        self.assertTrue(client.plan_application(less).destroys)
        with self.assertRaises(tradewind.TradewindError) as refused:
            client.apply(less)
        self.assertIn("destroy=yes", refused.exception.next)
        self.assertEqual(client.apply(less, destroy=True).wait_until_running(60).parts[1].replicas, 1)
        pair.remove()
        wait_until(lambda: self.machines("pair") == [], 30, "it is gone", self.coordinator.log)

    def test_a_part_that_no_site_takes_fails_with_the_reason_and_what_waits_is_cancelled(self):
        client = self.client()
        failing = self.apply(client, self.document("failing", "{only: [nowhere.test]}"))
        self.assertEqual(failing.wait_until_part_runs("db", 60).state, "running")
        for wait in (failing.wait_until_running, lambda: failing.wait_until_part_runs("web")):
            with self.assertRaises(tradewind.TradewindError) as refused:
                wait()
            self.assertEqual(refused.exception.code, "failed")
            self.assertIn("web: ", refused.exception.message)
        # More than there is room for: what it waits for may come, until somebody cancels it.
        given = self.apply(client, self.document("given-up", "{memory: 900 GiB}"))
        given.wait_until_part_runs("db", 60)
        with self.assertRaises(tradewind.TradewindError) as late:
            given.wait_until_running(1)
        self.assertEqual(late.exception.code, "timeout")
        self.assertEqual(given.cancel().state, "cancelled")
        with self.assertRaises(tradewind.TradewindError) as cancelled:
            given.wait_until_part_runs("web", 60)
        self.assertEqual(cancelled.exception.code, "cancelled")
        self.assertEqual(given.wait_until_part_runs("db", 60).state, "running")

    def test_response_times_are_reported_by_place(self):
        client = self.client()
        self.place(client, "reported").wait_until_running(60)
        client.report("reported", "FR", [120, 95.5])
        client.report("reported", "JP", {50: 900, 100.5: 80})
        shown = self.coordinator.perform("workload", "show", "reported")["responses"]
        self.assertEqual({figure["place"]: figure["responses"] for figure in shown}, {"FR": 2, "JP": 980})
        with self.assertRaises(tradewind.TradewindError) as refused:
            client.report("reported", "Utopia", [1])
        self.assertEqual(refused.exception.code, "bad-request")

    def test_users_are_followed_and_the_log_says_why_a_replica_is_added(self):
        client = self.client()
        followed = self.place(client, "followed", follow_target=100, follow_minimum=2, follow_maximum=3)
        followed.wait_until_running(60)

        def shown(what):
            return self.coordinator.perform("workload", "show", "followed")[what]

        def added():
            return [event["text"] for event in shown("events") if event["kind"] == "added"]

        # For those who wait too long nothing is done before three minutes are over, for the hour at the next look.
        client.report("followed", "FR", {250: 40})
        client.report("followed", "JP", {50: 900})
        client.report("followed", "BR", [250])
        self.assertEqual({figure["place"]: (figure["target"], figure["verdict"]) for figure in shown("responses")},
                         {"FR": (100, "slow"), "JP": (100, "within"), "BR": (100, "unsure")})
        wait_until(added, 40, "a replica is added", self.coordinator.log)
        workload = followed.wait_until_running(60)
        self.assertEqual([replica.index for replica in workload.replicas], [0, 1])
        self.assertEqual(len(self.machines("followed")), 2)
        self.assertEqual(added(), ["grows from 1 to 2, by replica 1: 2 replicas are wanted at least at this hour"])

    def test_a_replica_that_is_being_dropped_is_none_of_those_that_must_run(self):
        def is_running(second, change):
            replicas = [{"index": index, "epoch": 1, "site": "tokyo.test", "state": state, "change": of}
                        for index, state, of in ((0, "running", None), (1, second, change))]
            return tradewind.Workload.read({
                "id": "id", "owner": "alice", "state": "placed", "specification": {"name": "web"},
                "replicas": replicas, "created": 0}).is_running

        self.assertTrue(is_running("stopping", "dropped"))
        self.assertFalse(is_running("stopping", None))
        self.assertFalse(is_running("creating", "added"))
        self.assertTrue(is_running("running", None))

    def test_whatever_goes_wrong_is_a_tradewind_error(self):
        answers = []

        class Odd(QuietHandler):
            def do_GET(self):
                content = answers[0].encode()
                self.send_response(200)
                self.send_header("Content-Type", "text/event-stream")
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            do_POST = do_GET

        client = tradewind.Client(self.serve(Odd).address, "token", attempts=1)
        for answer in ("", "{}", '{"value": 7}', '{"value": {"id": 7}}', '{"value": [{"created": "soon"}]}'):
            answers[:] = [answer]
            for ask in (client.list, client.list_applications, lambda: client.show("web"),
                        lambda: client.place("web", image="/x"), lambda: client.plan_application("a: b")):
                with self.assertRaises(tradewind.TradewindError) as refused:
                    ask()
                self.assertEqual(refused.exception.code, "bad-answer", answer)
        for event in ("data: {}", "data: [", 'data: {"event": 7}', "id: x\ndata: {}"):
            answers[:] = [f"event: workload\n{event}\n\n"]
            with self.assertRaises(tradewind.TradewindError) as refused:
                next(client.watch())
            self.assertEqual(refused.exception.code, "bad-answer", event)
        for ask in (lambda: client.plan("web", image=object()), tradewind.Client("nowhere", "token").list,
                    lambda: client.place("web", image="/x", key="two\nlines")):
            with self.assertRaises(tradewind.TradewindError) as refused:
                ask()
            self.assertEqual(refused.exception.code, "bad-request")

    def test_a_watch_goes_on_from_where_it_began_as_long_as_its_connections_show_signs_of_life(self):
        answers, heard = [], []

        class Cutting(QuietHandler):
            def do_GET(self):
                heard.append(self.headers.get("Last-Event-ID"))
                self.send_response(200)
                self.send_header("Content-Type", "text/event-stream")
                self.end_headers()
                self.wfile.write(answers.pop(0).encode())

        client = tradewind.Client(self.serve(Cutting).address, "token", attempts=2)
        news = ('{"workload": "w", "name": "web", "owner": "alice", "event": '
                '{"number": 1, "at": 0, "kind": "running", "text": "runs", "position": 42}}')
        start, comment = 'id: 41\nevent: start\ndata: {"after": 41}\n\n', ": still here\n\n"
        answers[:] = [start, comment, comment, comment, f"id: 42\nevent: workload\ndata: {news}\n\n"]
        with unittest.mock.patch.object(tradewind.client, "LASTING_SECONDS", 0.0):
            event = next(client.watch())
        self.assertEqual((event.name, event.position, event.follows_gap), ("web", 42, False))
        self.assertEqual(heard, [None, "41", "41", "41", "41"])
        # Connections that tell nothing, that end at once, or that tell only that nothing can be told are too many once
        # there are `attempts` in a row.
        problem = 'event: problem\ndata: {"code": "unavailable", "detail": "later"}\n\n'
        for silent, code in (("", "unreachable"), (comment, "unreachable"), (problem, "unavailable")):
            heard.clear()
            answers[:] = [start, silent]
            # However slow this machine is, none of them counts as one that lasted.
            with (unittest.mock.patch.object(tradewind.client, "LASTING_SECONDS", float("inf")),
                  self.assertRaises(tradewind.TradewindError) as refused):
                next(client.watch())
            self.assertEqual((refused.exception.code, heard), (code, [None, "41"]))

    def test_no_redirect_is_followed_and_so_the_token_stays(self):
        heard = []

        class Elsewhere(QuietHandler):
            def do_GET(self):
                heard.append(self.headers.get("Authorization"))
                self.send_response(302 if self.server is first else 200)
                self.send_header("Location", f"{second.address}/v1/workloads")
                self.send_header("Content-Length", "0")
                self.end_headers()

            do_POST = do_GET

        first, second = self.serve(Elsewhere), self.serve(Elsewhere)
        client = tradewind.Client(f"{first.address}/", "secret")
        for ask in (client.list, lambda: client.place("web", image="/x"), lambda: next(client.watch())):
            with self.assertRaises(tradewind.TradewindError) as refused:
                ask()
            self.assertEqual(refused.exception.code, "bad-answer")
        self.assertEqual(heard, ["Bearer secret"] * 3)

    def test_many_placements_are_waited_for_at_once(self):
        client = self.client()
        crowd = [self.place(client, f"crowd-{number}") for number in range(8)] * 3
        reached = []
        waiting = [threading.Thread(target=lambda p=p: reached.append(p.wait_until_running(90).is_running)) for p in crowd]
        for thread in waiting:
            thread.start()
        for thread in waiting:
            thread.join()
        self.assertEqual(reached, [True] * len(crowd))

    def test_who_gets_no_answer_waits_no_longer_than_he_likes(self):
        with socket.create_server(("127.0.0.1", 0)) as silent:
            placement = tradewind.Placement(
                tradewind.Client(f"http://127.0.0.1:{silent.getsockname()[1]}", "token"), "id")
            began = time.monotonic()
            with self.assertRaises(tradewind.TradewindError) as refused:
                placement.wait_until_running(timeout=0.5)
            self.assertEqual(refused.exception.code, "timeout")
            self.assertLess(time.monotonic() - began, 30)

    def test_the_types_hold(self):
        mypy = shutil.which("mypy")
        self.assertIsNotNone(mypy, "deploy/install-dependencies --tests installs mypy")
        done = subprocess.run(
            [mypy, "--strict", "--python-version", "3.9", "--cache-dir", os.devnull, "tradewind"], cwd=LIBRARY,
            capture_output=True, text=True)
        self.assertEqual(done.returncode, 0, done.stdout)


if __name__ == "__main__":
    unittest.main()
