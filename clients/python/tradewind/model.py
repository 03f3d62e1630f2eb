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

    @classmethod
    def read(cls, value: Mapping[str, Any]) -> Replica:
        return cls(value["index"], value["epoch"], value.get("site"), value.get("machine"), value.get("state"))


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
        """Whether every replica runs."""
        return self.state == "placed" and all(replica.state == "running" for replica in self.replicas)

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
    follows_gap: bool

    @classmethod
    def read(cls, value: Mapping[str, Any], follows_gap: bool) -> Event:
        event = value["event"]
        return cls(
            event["position"], value["workload"], value["name"], value["owner"], event["number"],
            _time(event["at"]), event["kind"], event.get("replica"), event.get("site"), event["text"], follows_gap)
