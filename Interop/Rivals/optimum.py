"""The least cost of placing: minimum-cost flow from groups of replicas over sites to the sites' places.

Reads a problem as `Benchmarks quality` writes it, adds up anew what its choice costs, finds the optimum and how
few replicas are elsewhere in it, and writes the three numbers.
"""

import itertools
import json
import sys

from ortools.graph.python import min_cost_flow

# Costs are whole numbers to the solver: millionths.
SCALE = 1_000_000


def chosen_cost(problem):
    """What the choice in the problem costs, and how many replicas it put at each site."""
    cost = 0.0
    taken = [0] * len(problem["sites"])
    for group in problem["groups"]:
        for site, count in group["placed"].items():
            cost += count * group["costs"][int(site)]
            taken[int(site)] += count
    for site, count in zip(problem["sites"], taken):
        if count > len(site["places"]):
            raise SystemExit(f"{count} replicas are in {len(site['places'])} places")
        cost += sum(site["places"][:count])
    return cost


def solve(problem):
    """The least cost, and the replicas that are not where the choice put them."""
    groups = [group for group in problem["groups"] if group["replicas"] > 0]
    sites = problem["sites"]
    sink = len(groups) + len(sites)
    flow = min_cost_flow.SimpleMinCostFlow()
    arcs = []
    for number, group in enumerate(groups):
        flow.set_node_supply(number, group["replicas"])
        for site, cost in enumerate(group["costs"]):
            stays = group["placed"].get(str(site), 0)
            others = min(group["replicas"], len(sites[site]["places"])) - stays
            # A millionth more for a replica that is elsewhere now: of equal optima the nearest.
            for count, extra in ((stays, 0), (others, 1)):
                if count > 0:
                    arc = flow.add_arc_with_capacity_and_unit_cost(
                        number, len(groups) + site, count, round(SCALE * cost) + extra
                    )
                    arcs.append((arc, cost, extra))
    for number, site in enumerate(sites):
        if any(later < earlier - 1e-9 for earlier, later in itertools.pairwise(site["places"])):
            raise SystemExit("a later place costs less than an earlier one: this is no minimum-cost flow")
        for cost in site["places"]:
            arc = flow.add_arc_with_capacity_and_unit_cost(len(groups) + number, sink, 1, round(SCALE * cost))
            arcs.append((arc, cost, 0))
    flow.set_node_supply(sink, -sum(group["replicas"] for group in groups))
    status = flow.solve()
    if status != flow.OPTIMAL:
        raise SystemExit(f"the solver found no optimum: status {status}")
    optimum = sum(flow.flow(arc) * cost for arc, cost, _ in arcs)
    return optimum, sum(flow.flow(arc) * extra for arc, _, extra in arcs)


def main(problem_path, answer_path):
    with open(problem_path, encoding="utf-8") as file:
        problem = json.load(file)
    optimum, moves = solve(problem)
    answer = {"chosen": chosen_cost(problem), "optimum": optimum, "moves": moves}
    with open(answer_path, "w", encoding="utf-8") as file:
        json.dump(answer, file)


if __name__ == "__main__":
    main(*sys.argv[1:])
