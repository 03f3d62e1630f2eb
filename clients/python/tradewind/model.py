"""What the coordinator answers; members that a later one adds are passed over."""
from __future__ import annotations

import datetime
from dataclasses import dataclass
from typing import Any, Mapping, Optional, Sequence


def _time(milliseconds: int) -> datetime.datetime:
    return datetime.datetime.fromtimestamp(milliseconds / 1000, datetime.timezone.utc)


@dataclass(frozen=True)
class Replica:
    """Where one replica is."""

    index: int
    epoch: int
    site: Optional[str]
    machine: Optional[str]
    state: Optional[str]
    #: What is being done about it: added, moving or dropped.
    change: Optional[str]

    @classmethod
    def read(cls, value: Mapping[str, Any]) -> Replica:
        return cls(value["index"], value["epoch"], value.get("site"), value.get("machine"), value.get("state"),
                   value.get("change"))


@dataclass(frozen=True)
class Workload:
    """A workload as its coordinator sees it at a moment."""

    id: str
    name: str
    owner: str
    #: placing, placed, failed, removing or removed
    state: str
    reason: Optional[str]
    replicas: Sequence[Replica]
    created: datetime.datetime

    @property
    def is_running(self) -> bool:
        """Whether every replica that is wanted runs."""
        return self.state == "placed" and all(
            replica.state == "running" or replica.change == "dropped" for replica in self.replicas)

    @classmethod
    def read(cls, value: Mapping[str, Any]) -> Workload:
        return cls(
            value["id"], value["specification"]["name"], value["owner"], value["state"], value.get("reason"),
            tuple(Replica.read(replica) for replica in value["replicas"]), _time(value["created"]))


@dataclass(frozen=True)
class Assignment:
    """Where one replica would go."""

    replica: int
    site: str


@dataclass(frozen=True)
class Plan:
    """Where a workload would go; `text` says why, with one line for each site."""

    is_complete: bool
    assignments: Sequence[Assignment]
    unassigned: Sequence[int]
    alternatives: Sequence[str]
    text: str

    @classmethod
    def read(cls, value: Mapping[str, Any]) -> Plan:
        return cls(
            value["isComplete"],
            tuple(Assignment(assignment["replica"], assignment["site"]) for assignment in value["assignments"]),
            tuple(value["unassigned"]), tuple(value["alternatives"]), value["text"])


@dataclass(frozen=True)
class Event:
    """One thing that happened to a workload, or that was done for it."""

    #: Where a watch goes on after it.
    position: int
    #: The workload's id.
    workload: str
    #: The workload's name.
    name: str
    owner: str
    #: Rises by one with each event of the workload.
    number: int
    at: datetime.datetime
    kind: str
    replica: Optional[int]
    site: Optional[str]
    text: str
    #: Whether events before it are missing: the reader was away for longer than the server keeps them.
    follows_gap: bool = False

    @classmethod
    def read(cls, value: Mapping[str, Any]) -> Event:
        event = value["event"]
        return cls(
            event["position"], value["workload"], value["name"], value["owner"], event["number"],
            _time(event["at"]), event["kind"], event.get("replica"), event.get("site"), event["text"])


@dataclass(frozen=True)
class Change:
    """What would become of one part of an application."""

    part: str
    #: add, scale, replace, remove or unchanged
    kind: str
    differences: Sequence[str]
    #: Whether machines would be deleted with their disks.
    destroys: bool


@dataclass(frozen=True)
class ApplicationPlan:
    """What applying a document would change; `text` says it in words."""

    application: str
    changes: Sequence[Change]
    #: Where each part that would be placed or grow would go; a part behind one without a site has none.
    plans: Mapping[str, Plan]
    text: str

    @property
    def destroys(self) -> bool:
        """Whether machines would be deleted with their disks, so that it must be agreed to."""
        return any(change.destroys for change in self.changes)

    @classmethod
    def read(cls, value: Mapping[str, Any]) -> ApplicationPlan:
        return cls(
            value["application"],
            tuple(Change(change["part"], change["kind"], tuple(change["differences"]), change["destroys"])
                  for change in value["changes"]),
            {part: Plan.read(plan) for part, plan in value["plans"].items()}, value["text"])


@dataclass(frozen=True)
class Part:
    """How one part of an application stands."""

    name: str
    #: waiting, placing, starting, running, replacing, cancelled, failed, removing or removed
    state: str
    #: The same in a few words, with what it comes from.
    text: str
    #: The id of the workload that is this part, if there is one.
    workload: Optional[str]
    replicas: int
    running: int
    sites: Sequence[str]

    @classmethod
    def read(cls, value: Mapping[str, Any]) -> Part:
        return cls(value["name"], value["state"], value["text"], value.get("workload"), value["replicas"],
                   value["running"], tuple(value["sites"]))


@dataclass(frozen=True)
class ApplicationStatus:
    """An application as its coordinator sees it at a moment."""

    id: str
    name: str
    owner: str
    #: applying, running, failed, cancelled, removing or removed
    state: str
    reason: Optional[str]
    parts: Sequence[Part]
    created: datetime.datetime

    @classmethod
    def read(cls, value: Mapping[str, Any]) -> ApplicationStatus:
        return cls(
            value["id"], value["name"], value["owner"], value["state"], value.get("reason"),
            tuple(Part.read(part) for part in value["parts"]), _time(value["created"]))
