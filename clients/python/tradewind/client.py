"""A coordinator, and the handle to what was asked of it."""
from __future__ import annotations

import dataclasses
import json
import secrets
import time
from typing import Any, Callable, Iterator, List, Mapping, Optional, Sequence, TypeVar, Union

from .errors import TradewindError, understood
from .model import ApplicationPlan, ApplicationStatus, Event, Part, Plan, Workload
from .transport import Transport

# The longest that one question waits for news.
QUESTION_SECONDS = 20.0
# How long a connection must last before it counts as one that worked, though it told nothing.
LASTING_SECONDS = 10.0
# The pause before the state is asked for again where the coordinator tells no more news to this caller.
BUSY_PAUSE = 1.0

Value = TypeVar("Value")


class Client:
    """Places workloads over the sites of a federation, by way of one coordinator's HTTP interface."""

    def __init__(self, server: str, token: str, attempts: int = 4) -> None:
        """`server` is such as `https://coordinator.example`; `attempts` is how often a request is sent at most."""
        self._transport = Transport(server, token, attempts)

    def plan(self, name: str, **wishes: Any) -> Plan:
        """Where a workload would go, and why; nothing is reserved."""
        return self._ask(Plan.read, "POST", ["plans"], body=_body(name, wishes))

    def place(self, name: str, *, key: Optional[str] = None, **wishes: Any) -> Placement:
        """Asks for a workload; returns once the coordinator has taken it on and stored it.

        The same key with the same request gives the same workload, from whichever process it comes.
        """
        body = {**_body(name, wishes), "wait": "accepted"}
        return Placement(
            self, self._ask(Workload.read, "POST", ["workloads"], body=body, key=key or _fresh_key()).id)

    def placement(self, workload: str) -> Placement:
        """A handle to a workload that is there already, by name or id."""
        return Placement(self, self.show(workload).id)

    def show(self, workload: str) -> Workload:
        """How a workload is now, by name or id."""
        return self._show(workload, float("inf"))

    def _show(self, workload: str, deadline: float) -> Workload:
        return self._ask(Workload.read, "GET", ["workloads", workload], deadline=deadline)

    def list(self) -> List[Workload]:
        """All workloads that the caller may see and that are not removed, the oldest first."""
        return self._ask(_each(Workload.read), "GET", ["workloads"])

    def scale(self, workload: str, replicas: int, *, key: Optional[str] = None) -> Workload:
        """Changes how many replicas a workload has; returns once the coordinator has taken that on.

        Of fewer, those that do not run or came last go: their machines are deleted with their disks.
        """
        return self._ask(
            Workload.read, "PUT", ["workloads", workload, "replicas"],
            body={"replicas": replicas, "wait": "accepted"}, key=key or _fresh_key())

    def move(self, workload: str, replica: int, to: Optional[str] = None, *, key: Optional[str] = None) -> Workload:
        """Moves one replica to another site, the one that is named or the best.

        The new machine starts from the image; the old one is deleted with its disk.
        """
        body = {"replica": replica, "wait": "accepted", **({"to": to} if to else {})}
        return self._ask(
            Workload.read, "POST", ["workloads", workload, "moves"], body=body, key=key or _fresh_key())

    def report(self, workload: str, place: str, milliseconds: "Union[Sequence[float], Mapping[float, int]]", *,
               key: Optional[str] = None) -> None:
        """Reports how fast users at one place were answered; users who are followed get replicas for that.

        `place` is a country, a site or `LATITUDE/LONGITUDE`. Of a histogram give how many responses there were by the
        upper bounds of its buckets.
        """
        times = ([f"{bound}:{count}" for bound, count in milliseconds.items()]
                 if isinstance(milliseconds, Mapping) else [str(time) for time in milliseconds])
        self._transport.perform("POST", ["workloads", workload, "responses"],
                                body={"place": place, "milliseconds": times}, key=key or _fresh_key())

    def remove(self, workload: str, *, key: Optional[str] = None) -> Workload:
        """Deletes a workload and all its machines with their disks."""
        return self._ask(Workload.read, "DELETE", ["workloads", workload], key=key or _fresh_key())

    def plan_application(self, document: str) -> ApplicationPlan:
        """What applying a document (YAML or JSON) would change, and where its parts would go; nothing is changed."""
        return self._ask(ApplicationPlan.read, "POST", ["application-plans"], body={"document": document})

    def apply(self, document: str, *, destroy: bool = False, key: Optional[str] = None) -> Application:
        """Makes an application what a document (YAML or JSON) says; returns once the coordinator has stored that.

        `destroy` agrees that machines are deleted with their disks where parts are replaced, removed or scaled down;
        without it a document that calls for that is refused.
        """
        body = {"document": document, "destroy": destroy, "wait": "accepted"}
        return Application(self, self._ask(
            ApplicationStatus.read, "POST", ["applications"], body=body, key=key or _fresh_key()).id)

    def application(self, application: str) -> Application:
        """A handle to an application that is there already, by name or id."""
        return Application(self, self.show_application(application).id)

    def show_application(self, application: str) -> ApplicationStatus:
        """How an application is now, by name or id."""
        return self._ask(ApplicationStatus.read, "GET", ["applications", application])

    def list_applications(self) -> List[ApplicationStatus]:
        """All applications that the caller may see."""
        return self._ask(_each(ApplicationStatus.read), "GET", ["applications"])

    def watch(self, workload: Optional[str] = None, after: Optional[int] = None) -> Iterator[Event]:
        """What happens to one workload, until nothing of it is left, or to all that the caller may see, without an end.

        With `after`, only what happened after that position; without, all that is kept of one workload, or what happens
        to all from now on. A connection that is lost is made anew, and no event is told twice.
        """
        path = ["workloads", *([workload] if workload else []), "events"]
        position, follows_gap, failures = after, False, 0
        while True:
            has_told = False
            lost = TradewindError("unreachable", "the connection ended")
            begun = float("inf")
            try:
                for block in self._transport.feed(path, position):
                    begun = min(begun, time.monotonic())
                    if block.id is not None:
                        position = understood(int, block.id)
                    # A connection that tells something is none of those that failed.
                    if block.name in ("start", "workload"):
                        failures = 0
                    if block.name == "workload":
                        has_told = True
                        event = understood(Event.read, understood(json.loads, block.data))
                        yield dataclasses.replace(event, follows_gap=follows_gap)
                        follows_gap = False
                    elif block.name == "gap":
                        follows_gap = True
                    elif block.name == "result":
                        return
                    elif block.name == "problem":
                        raise TradewindError.from_document(understood(json.loads, block.data), 200)
            except TradewindError as error:
                # Too many events for the pace of this reader: it goes on where it was.
                if not error.is_passing and not (error.code == "too-many" and has_told):
                    raise
                lost = error
            # Nor is one that was there and lasted: how long it took to come about does not count.
            if time.monotonic() - begun >= LASTING_SECONDS:
                failures = 0
            failures += 1
            if failures >= self._transport.attempts:
                raise lost
            self._transport.pause(failures)

    def _news(self, workload: str, position: int, deadline: float) -> int:
        """Waits for something to happen after `position`, but not for long; where to go on."""
        seconds = min(deadline - time.monotonic(), QUESTION_SECONDS)
        try:
            return self._ask(_position, "GET", ["workloads", workload, "events"], query={
                "after": str(position), "for": f"{max(1, int(seconds * 1000))}ms"}, deadline=deadline)
        except TradewindError as error:
            # The caller watches as much as they may already: the state is asked for again instead.
            if error.code != "too-many":
                raise
            time.sleep(max(0.0, min(BUSY_PAUSE, deadline - time.monotonic())))
            return position

    def _ask(self, read: Callable[[Any], Value], method: str, path: Sequence[str], **options: Any) -> Value:
        return understood(read, self._transport.perform(method, path, **options))


class _Handle:
    """Something that was asked for, under its id, and the client that asks about it."""

    def __init__(self, client: Client, id: str) -> None:
        self._client = client
        self.id = id


class Placement(_Handle):
    """A workload that was asked for: it can be waited for, watched and removed.

    It holds nothing open: to forget it does not stop the workload.
    """

    def status(self) -> Workload:
        """How it is now."""
        return self._client.show(self.id)

    def wait_until_running(self, timeout: float = 600.0) -> Workload:
        """Waits until every replica that is wanted runs.

        Raises `failed`, which says why, if the workload could not be placed or was removed, and `timeout` if it has
        come no further within `timeout` seconds; it then goes on being placed all the same.
        """
        position = 0

        def look(deadline: float) -> Optional[Workload]:
            nonlocal position
            workload = self._client._show(self.id, deadline)
            if workload.is_running:
                return workload
            if workload.state not in ("placing", "placed"):
                raise TradewindError(
                    "failed", f"{workload.name} is {workload.state}: {workload.reason or 'no reason is given'}")
            if time.monotonic() < deadline:
                position = self._client._news(self.id, position, deadline)
            return None

        return _wait(f"workload {self.id}", timeout, look)

    def events(self, after: Optional[int] = None) -> Iterator[Event]:
        """What happens to it, from the beginning or after a position, until nothing of it is left."""
        return self._client.watch(self.id, after)

    def remove(self, *, key: Optional[str] = None) -> Workload:
        """Deletes it: what is under way is given up, and its machines are deleted with their disks."""
        return self._client.remove(self.id, key=key)


class Application(_Handle):
    """An application that was applied: each of its parts can be waited for, and the whole cancelled and removed.

    It holds nothing open: to forget it does not stop the application.
    """

    def status(self) -> ApplicationStatus:
        """How it is now."""
        return self._client.show_application(self.id)

    def wait_until_running(self, timeout: float = 600.0) -> ApplicationStatus:
        """Waits until every part runs.

        Raises `failed`, which says why, if some part cannot be placed or the application was removed, `cancelled` if
        somebody cancelled it, and `timeout` if it has come no further within `timeout` seconds; it then goes on being
        applied all the same.
        """
        def look(deadline: float) -> Optional[ApplicationStatus]:
            status = self._look(None, deadline)
            if status.state == "running":
                return status
            return self._unfinished(status)

        return _wait(f"application {self.id}", timeout, look)

    def wait_until_part_runs(self, part: str, timeout: float = 600.0) -> Part:
        """Waits until every replica of one part runs, whatever becomes of the others meanwhile.

        Raises `failed`, which says why, if it has failed or is removed before it runs, or was not begun before another
        part failed, `cancelled` if somebody cancelled it, `not-found` if there is no such part, and `timeout`.
        """
        def look(deadline: float) -> Optional[Part]:
            status = self._look(part, deadline)
            for known in status.parts:
                if known.name != part:
                    continue
                if known.state == "running":
                    return known
                # What has been begun goes on in an application that has failed by another part.
                if status.state == "failed" and known.workload and known.state in ("placing", "starting"):
                    return None
                if status.state == "applying" and known.state in ("removing", "removed"):
                    raise TradewindError("failed", f"{part} of {status.name} is {known.state}")
            return self._unfinished(status)

        return _wait(f"{part} of application {self.id}", timeout, look)

    def _look(self, part: Optional[str], deadline: float) -> ApplicationStatus:
        """How it is once it runs, or one part of it, or once nothing more is to be waited for."""
        query = {"wait": "running", **({"part": part} if part else {})}
        return self._client._ask(
            ApplicationStatus.read, "GET", ["applications", self.id], query=query, deadline=deadline)

    @staticmethod
    def _unfinished(status: ApplicationStatus) -> None:
        if status.state in ("applying", "running"):
            return
        words = f"{status.name} is {status.state}"
        if status.state == "cancelled":
            raise TradewindError("cancelled", words)
        raise TradewindError("failed", f"{words}: {status.reason}" if status.reason else words)

    def cancel(self, *, key: Optional[str] = None) -> ApplicationStatus:
        """Gives up what of it has not run yet, and keeps the rest."""
        return self._client._ask(
            ApplicationStatus.read, "POST", ["applications", self.id, "cancel"], key=key or _fresh_key())

    def remove(self, *, key: Optional[str] = None) -> ApplicationStatus:
        """Deletes it with all its parts, those first that need others: their machines go with their disks."""
        return self._client._ask(
            ApplicationStatus.read, "DELETE", ["applications", self.id], key=key or _fresh_key())


def _wait(what: str, timeout: float, look: Callable[[float], Optional[Value]]) -> Value:
    """Looks again and again until there is something to tell, or the time is over."""
    deadline = time.monotonic() + timeout
    while True:
        try:
            value = look(deadline)
            if value is not None:
                return value
        except TradewindError as error:
            if not error.is_passing or time.monotonic() < deadline:
                raise
        if time.monotonic() >= deadline:
            raise TradewindError("timeout", f"{what} is not known to run in full after {timeout} s",
                                 "wait for longer, or look at what happens to it")


def _each(read: Callable[[Any], Value]) -> Callable[[Any], List[Value]]:
    return lambda values: [read(value) for value in values]


def _position(value: Any) -> int:
    return int(value["position"])


def _body(name: str, wishes: "dict[str, Any]") -> "dict[str, Any]":
    """The members of a request: `max_price` is the parameter `max-price`."""
    body = {wish.replace("_", "-"): value for wish, value in wishes.items() if value is not None}
    return {"name": name, **body}


def _fresh_key() -> str:
    return secrets.token_hex(16)
