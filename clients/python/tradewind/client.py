"""A coordinator, and the handle to what was asked of it."""
from __future__ import annotations

import json
import secrets
import time
from typing import Any, Iterator, List, Optional

from .errors import TradewindError
from .model import Event, Plan, Workload
from .transport import Transport

# The longest that one question waits for news.
QUESTION_SECONDS = 20.0
# The pause before the state is asked for again where the coordinator tells no more news to this caller.
BUSY_PAUSE = 1.0


class Client:
    """Places workloads over the sites of a federation, by way of one coordinator's HTTP interface."""

    def __init__(self, server: str, token: str, attempts: int = 4) -> None:
        """`server` is such as `https://coordinator.example`; `attempts` is how often a request is sent at most."""
        self._transport = Transport(server, token, attempts)

    def plan(self, name: str, **wishes: Any) -> Plan:
        """Where a workload would go, and why; nothing is reserved."""
        return Plan.read(self._transport.perform("POST", ["plans"], body=_body(name, wishes)))

    def place(self, name: str, *, key: Optional[str] = None, **wishes: Any) -> Placement:
        """Asks for a workload; returns once the coordinator has taken it on and stored it.

        The same key with the same request gives the same workload, from whichever process it comes.
        """
        body = {**_body(name, wishes), "wait": "accepted"}
        value = self._transport.perform("POST", ["workloads"], body=body, key=key or _fresh_key())
        return Placement(self, Workload.read(value).id)

    def placement(self, workload: str) -> Placement:
        """A handle to a workload that is there already, by name or id."""
        return Placement(self, self.show(workload).id)

    def show(self, workload: str) -> Workload:
        """How a workload is now, by name or id."""
        return self._show(workload, float("inf"))

    def _show(self, workload: str, deadline: float) -> Workload:
        return Workload.read(self._transport.perform("GET", ["workloads", workload], deadline=deadline))

    def list(self) -> List[Workload]:
        """All workloads that the caller may see and that are not removed, the oldest first."""
        return [Workload.read(value) for value in self._transport.perform("GET", ["workloads"])]

    def scale(self, workload: str, replicas: int, *, key: Optional[str] = None) -> Workload:
        """Changes how many replicas a workload has; returns once the coordinator has taken that on.

        Of fewer, those that do not run or came last go: their machines are deleted with their disks.
        """
        return Workload.read(self._transport.perform(
            "PUT", ["workloads", workload, "replicas"], body={"replicas": replicas, "wait": "accepted"},
            key=key or _fresh_key()))

    def move(self, workload: str, replica: int, to: Optional[str] = None, *, key: Optional[str] = None) -> Workload:
        """Moves one replica to another site, the one that is named or the best.

        The new machine starts from the image; the old one is deleted with its disk.
        """
        body = {"replica": replica, "wait": "accepted", **({"to": to} if to else {})}
        return Workload.read(self._transport.perform(
            "POST", ["workloads", workload, "moves"], body=body, key=key or _fresh_key()))

    def remove(self, workload: str, *, key: Optional[str] = None) -> Workload:
        """Deletes a workload and all its machines with their disks."""
        return Workload.read(self._transport.perform("DELETE", ["workloads", workload], key=key or _fresh_key()))

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
            try:
                for block in self._transport.feed(path, position):
                    if block.id is not None:
                        position = int(block.id)
                    if block.name == "workload":
                        failures, has_told = 0, True
                        yield Event.read(json.loads(block.data), follows_gap)
                        follows_gap = False
                    elif block.name == "gap":
                        follows_gap = True
                    elif block.name == "result":
                        return
                    elif block.name == "problem":
                        raise TradewindError.from_document(json.loads(block.data), 200)
            except TradewindError as error:
                # Too many events for the pace of this reader: it goes on where it was.
                if not error.is_passing and not (error.code == "too-many" and has_told):
                    raise
                lost = error
            failures += 1
            if failures >= self._transport.attempts:
                raise lost
            self._transport.pause(failures)

    def _news(self, workload: str, position: int, deadline: float) -> int:
        """Waits for something to happen after `position`, but not for long; where to go on."""
        seconds = min(deadline - time.monotonic(), QUESTION_SECONDS)
        try:
            value = self._transport.perform("GET", ["workloads", workload, "events"], query={
                "after": str(position), "for": f"{max(1, int(seconds * 1000))}ms"}, deadline=deadline)
        except TradewindError as error:
            # The caller watches as much as he may already: the state is asked for again instead.
            if error.code != "too-many":
                raise
            time.sleep(max(0.0, min(BUSY_PAUSE, deadline - time.monotonic())))
            return position
        return int(value["position"])


class Placement:
    """A workload that was asked for: it can be waited for, watched and removed.

    It holds nothing open: to forget it does not stop the workload.
    """

    def __init__(self, client: Client, id: str) -> None:
        self._client = client
        self.id = id

    def status(self) -> Workload:
        """How it is now."""
        return self._client.show(self.id)

    def running(self, timeout: float = 600.0) -> Workload:
        """Waits until every replica runs.

        Raises `failed`, which says why, if the workload could not be placed or was removed, and `timeout` if it has
        come no further within `timeout` seconds; it then goes on being placed all the same.
        """
        deadline = time.monotonic() + timeout
        position = 0
        name = self.id
        while True:
            try:
                workload = self._client._show(self.id, deadline)
                if workload.is_running:
                    return workload
                name = workload.name
                if workload.state not in ("placing", "placed"):
                    raise TradewindError(
                        "failed", f"{name} is {workload.state}: {workload.reason or 'no reason is given'}")
                if time.monotonic() < deadline:
                    position = self._client._news(self.id, position, deadline)
            except TradewindError as error:
                if not error.is_passing or time.monotonic() < deadline:
                    raise
            if time.monotonic() >= deadline:
                raise TradewindError("timeout", f"{name} is not known to run in full after {timeout} s",
                                     "wait for longer, or look at what happens to it")

    def events(self, after: Optional[int] = None) -> Iterator[Event]:
        """What happens to it, from the beginning or after a position, until nothing of it is left."""
        return self._client.watch(self.id, after)

    def remove(self) -> Workload:
        """Deletes it: what is under way is given up, and its machines are deleted with their disks."""
        return self._client.remove(self.id)


def _body(name: str, wishes: "dict[str, Any]") -> "dict[str, Any]":
    """The members of a request: `max_price` is the parameter `max-price`."""
    body = {wish.replace("_", "-"): value for wish, value in wishes.items() if value is not None}
    return {"name": name, **body}


def _fresh_key() -> str:
    return secrets.token_hex(16)
