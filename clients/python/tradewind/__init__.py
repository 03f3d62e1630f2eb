"""Places workloads over the sites of a Tradewind federation."""
from .client import Client, Placement
from .errors import TradewindError
from .model import Assignment, Event, Plan, Replica, Workload

__all__ = ["Assignment", "Client", "Event", "Placement", "Plan", "Replica", "TradewindError", "Workload"]
