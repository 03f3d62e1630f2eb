"""Places workloads over the sites of a Tradewind federation."""
from .client import Application, Client, Placement
from .errors import TradewindError
from .model import (ApplicationPlan, ApplicationStatus, Assignment, Change, Event, Part, Plan, Replica, Workload)

__all__ = ["Application", "ApplicationPlan", "ApplicationStatus", "Assignment", "Change", "Client", "Event", "Part",
           "Placement", "Plan", "Replica", "TradewindError", "Workload"]
