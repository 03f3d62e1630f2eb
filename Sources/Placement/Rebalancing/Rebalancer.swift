package import CloudModel

/// Finds the moves that gain the most, and only such as are worth it.
///
/// A replica is compared where it is, as if it had just left, with every site that could take it, by the costs that
/// plans are made from. Each move counts those before it, and none is proposed that would make another one of them
/// worth undoing: until something else changes, what was moved stays. No move breaks a constraint, of the workload
/// itself or of another one that names it; the same input gives the same proposals.
package struct Rebalancer: Sendable {
    /// What came of one look.
    package struct Outcome: Hashable, Sendable {
        /// The best first.
        package var proposals: [MoveProposal] = []
        /// Workloads that were compared.
        package var looked = 0
        /// The last of them, behind which the next look begins; nil if all were looked at.
        package var last: WorkloadID?
    }

    private struct Found {
        let proposal: MoveProposal
        /// How many moves had been chosen when it was found.
        let round: Int

        func precedes(_ other: Found) -> Bool {
            let (one, two) = (self.proposal, other.proposal)
            return one.gain.points == two.gain.points
                ? one.workload < two.workload : one.gain.points > two.gain.points
        }
    }

    /// How many more plans one look may make.
    private struct Allowance {
        var plans: Int

        mutating func take() -> Bool {
            guard self.plans > 0 else { return false }
            self.plans -= 1
            return true
        }
    }

    private let rules: RebalancingRules
    private let planner: Planner

    package init(rules: RebalancingRules, planning: PlanningRules) {
        self.rules = rules
        self.planner = Planner(rules: planning)
    }

    /// At most so many moves as the rules allow, one for each workload, and how far the look came that began behind
    /// `last`.
    ///
    /// `subjects` are all workloads that there are, those that may not move included: they may forbid others to.
    package func propose(
        for subjects: [RebalancingSubject], over snapshot: PlacementSnapshot, after last: WorkloadID? = nil
    ) -> Outcome {
        let movable = subjects.filter { !$0.movable.isEmpty }.sorted { $0.workload < $1.workload }
        let start = movable.firstIndex { subject in last.map { $0 < subject.workload } ?? true } ?? 0
        let plans = max(2, self.rules.comparisons / max(1, snapshot.candidates.count))
        var first = Allowance(plans: plans / 2)
        var scene = RebalancingScene(subjects, over: snapshot)
        var outcome = Outcome()
        var found: [Found] = []
        for subject in movable[start...] + movable[..<start] {
            // One with more seats than are allowed in all is looked at as far as that goes.
            guard outcome.looked == 0 || subject.seatCount <= first.plans else { break }
            outcome.looked += 1
            outcome.last = subject.workload
            if let best = self.find(for: subject, in: scene, round: 0, &first) { found.append(best) }
        }
        if outcome.looked == movable.count { outcome.last = nil }
        found.sort { $0.precedes($1) }
        var further = Allowance(plans: plans - plans / 2)
        let count = min(self.rules.moves, RebalancingRules.movesMax)
        while outcome.proposals.count < count, !found.isEmpty {
            let best = found.removeFirst()
            if best.round < outcome.proposals.count {
                // What was chosen meanwhile may have taken its room, or made it better where it is.
                guard let subject = scene[best.proposal.workload],
                    let again = self.find(
                        for: subject, in: scene, round: outcome.proposals.count, &further)
                else { continue }
                found.insert(again, at: found.firstIndex { again.precedes($0) } ?? found.endIndex)
                continue
            }
            var next = scene
            next.move(best.proposal)
            // One that makes it worthwhile to move another of them again has its turn when they have settled.
            let chosen = outcome.proposals + [best.proposal]
            guard chosen.allSatisfy({ self.isSettled($0, in: next, &further) }) else { continue }
            scene = next
            outcome.proposals = chosen
        }
        return outcome
    }

    /// The best move of one of the workload's replicas; nil if none gains enough.
    private func find(
        for subject: RebalancingSubject, in scene: RebalancingScene, round: Int,
        _ allowance: inout Allowance
    ) -> Found? {
        var best: MoveProposal?
        let barred = scene.sitesBarred(for: subject)
        var seats: Set<RebalancingSubject.Seat> = []
        for (replica, seat) in subject.movable.sorted(by: { $0.key < $1.key }) {
            // Of those that are alike the first stands for all.
            guard seats.insert(seat).inserted, !scene.isHeld(subject, at: seat.site) else { continue }
            guard allowance.take() else { break }
            let proposal = self.compare(subject, replica: replica, in: seat, barred: barred, scene)
            guard let proposal, proposal.gain.points > best?.gain.points ?? -.infinity else { continue }
            best = proposal
        }
        return best.map { Found(proposal: $0, round: round) }
    }

    /// Whether a replica is known to stay where it has been moved to.
    private func isSettled(
        _ proposal: MoveProposal, in scene: RebalancingScene, _ allowance: inout Allowance
    ) -> Bool {
        guard var subject = scene[proposal.workload] else { return true }
        guard allowance.plans > 0 else { return false }
        subject.movable = subject.movable.filter { $0.key == proposal.replica }
        return self.find(for: subject, in: scene, round: 0, &allowance) == nil
    }

    private func compare(
        _ subject: RebalancingSubject, replica: Int, in seat: RebalancingSubject.Seat,
        barred: [SiteID: String], _ scene: RebalancingScene
    ) -> MoveProposal? {
        let site = seat.site
        var specification = subject.specification
        if let near = seat.near { specification.audience = near }
        var placed = subject.placed
        placed[site] = placed[site].flatMap { $0 > 1 ? $0 - 1 : nil }
        let request = PlanRequest(
            specification: specification, replicas: [replica], placed: placed, excluded: barred,
            neighbours: scene.neighbours(of: subject))
        let plan: Plan
        do throws(SpecificationError) {
            plan = try self.planner.plan(
                request, over: scene.snapshot(without: specification.resources, at: site))
        } catch {
            // What an earlier release took and this one would not is left where it is.
            return nil
        }
        // Neither end may be judged by what was heard long ago.
        let known = plan.verdicts.filter { $0.reachability == .reachable && $0.cost?.freshness == 1 }
        guard let here = known.first(where: { $0.site == site }),
            let there = known.first(where: { $0.site != site }),
            let costHere = here.cost?.total, let costThere = there.cost?.total
        else { return nil }
        let points = costHere - costThere - self.rules.movingCost
        guard points >= self.rules.minimumGain else { return nil }
        return MoveProposal(subject, replica: replica, from: here, to: there, points: points)
    }
}
