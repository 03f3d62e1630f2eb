package import CloudModel

/// Brings the replicas of one workload to sites, each exactly once, whatever is lost on the way.
///
/// ```
/// planning ──► reserving ── held ──► committing ── machine ──► placed ── remove ──► deleting ──► gone
///   ▲  │        │     │ silent        │ │    ▲ silent
///   │  │ no     │     ▼               │ ▼    │ held
///   │  │ site   │  doubting           │ verifying (until known)
///   │  ▼        │     │ 3 questions   │ refused
///   │ exhausted │     ▼               ▼
///   └───────────┴─────┴────────── withdrawing (until the hold is over)
///    refused, expired, unknown, not asked
///
/// remove, before placed: releasing ──► gone
/// ```
///
/// A gang is placed as a whole or not at all: a replica that is held stays in `reserving` until all are held, and only
/// then are the machines asked for. One that has no site left makes all give back what they have.
///
/// A time-out is not a refusal. Before a machine was asked for, it costs a hold that runs out by itself; after that,
/// nothing is tried elsewhere until the site has said whether the machine exists. The saga MUST be stored after every
/// event and before its directives are carried out; then a coordinator that is killed at any moment goes on with
/// `resume()`, which repeats the pending requests under the same numbers.
package struct PlacementSaga: Hashable, Codable, Sendable {
    /// Sites tried for one replica before it is given up.
    package static let attemptLimit = 8
    /// How often a site is asked what became of a hold that was never committed, before going on without an answer.
    package static let doubtLimit = 3
    /// The longest pause between two questions to a silent site.
    package static let longestPause: Duration = .seconds(60)

    package let workload: WorkloadID
    package internal(set) var replicas: [ReplicaPlacement]
    package private(set) var isRemoving: Bool
    /// Whether all replicas are placed or none.
    package let isGang: Bool

    /// `count` replicas, none of which is anywhere yet.
    package init(workload: WorkloadID, replicas count: Int, isGang: Bool = false) {
        self.workload = workload
        self.isGang = isGang
        self.replicas = (0..<count).map(ReplicaPlacement.init(index:))
        self.isRemoving = false
    }

    /// The saga as it was stored, replica by replica.
    package init(
        workload: WorkloadID, replicas: [ReplicaPlacement], isRemoving: Bool, isGang: Bool = false
    ) {
        self.workload = workload
        self.isGang = isGang
        self.replicas = replicas.sorted { $0.index < $1.index }
        self.isRemoving = isRemoving
    }

    /// What is under way, to be asked for again under the same numbers: at the start and after a restart.
    ///
    /// A replica that was left out of a removal is given back now: what an earlier release stored may lack that.
    package mutating func resume() -> [Directive] {
        var directives: [Directive] = []
        for index in self.replicas.indices {
            let returns = self.isRemoving ? self.giveUp(replica: index) : []
            guard returns.isEmpty else {
                directives += returns
                continue
            }
            self.replicas[index].turn += 1
            if case .reserving = self.replicas[index].phase { self.replicas[index].isRepeated = true }
            if let directive = self.pendingRequest(of: self.replicas[index], pausing: false) {
                directives.append(directive)
            }
        }
        return directives
    }

    /// The workload is no longer wanted: gives back whatever it holds or may hold.
    package mutating func remove() -> [Directive] {
        guard !self.isRemoving else { return [] }
        self.isRemoving = true
        var directives: [Directive] = []
        for index in self.replicas.indices {
            directives += self.giveUp(replica: index)
        }
        return directives
    }

    /// Gives back whatever one replica holds or may hold.
    mutating func giveUp(replica index: Int) -> [Directive] {
        let next: ReplicaPlacement.Phase
        switch self.replicas[index].phase {
        case .planning, .exhausted, .gone: next = .gone
        case .reserving(let hold), .doubting(let hold, _):
            next = .releasing(hold, asked: 0, mayBeCommitted: false)
        case .committing(let hold, _), .verifying(let hold, _), .withdrawing(let hold, _, _):
            next = .releasing(hold, asked: 0, mayBeCommitted: true)
        case .placed(let hold, let machine), .replacing(let hold, let machine, _):
            next = .deleting(hold, machine, asked: 0)
        case .releasing, .deleting: return []
        }
        return self.enter(next, replica: index)
    }

    /// Takes in what happened to `replica`; events of requests that no longer matter change nothing.
    package mutating func handle(_ event: Event, replica index: Int) -> [Directive] {
        guard self.replicas.indices.contains(index) else { return [] }
        switch event {
        case .planned(let site, let turn):
            return self.planned(site, turn: turn, replica: index)
        case .unplaceable(let reason, let turn):
            guard self.replicas[index].phase == .planning, self.replicas[index].turn == turn else {
                return []
            }
            return self.unplaceable(reason, replica: index)
        case .reservation(let reservation):
            return self.answered(reservation, replica: index)
        case .unknown(let id, let turn):
            guard self.replicas[index].turn == turn else { return [] }
            return self.unknown(id, replica: index)
        case .notAsked(let id, let turn, let reason):
            guard self.replicas[index].turn == turn else { return [] }
            return self.notAsked(id, reason: reason, replica: index)
        case .refused(let id, let turn, let reason):
            guard self.replicas[index].turn == turn else { return [] }
            return self.refused(id, reason: reason, replica: index)
        case .unfit(let id, let machine, let isUnleased, let reason):
            return self.unfit(id, machine, isUnleased: isUnleased, reason: reason, replica: index)
        case .committed(let id, let machine):
            return self.committed(id, machine, replica: index)
        case .silent(let turn, let reason):
            guard self.replicas[index].turn == turn else { return [] }
            return self.silent(reason: reason, replica: index)
        case .reported(let machine):
            return self.reported(machine, replica: index)
        case .deleted(let machine):
            return self.deleted(machine, replica: index)
        case .doomed(let machine):
            return self.doomed(machine, replica: index)
        case .startRefused(let machine, let reason):
            self.startFailed(machine, .refused, reason: reason, replica: index)
            return []
        case .startDeclined(let machine, let reason):
            self.startFailed(machine, .declined, reason: reason, replica: index)
            return []
        case .startUnanswered(let machine, let reason):
            self.startFailed(machine, .unanswered, reason: reason, replica: index)
            return []
        }
    }

    /// Moves a replica on, and says what that calls for.
    mutating func enter(_ phase: ReplicaPlacement.Phase, replica index: Int) -> [Directive] {
        self.replicas[index].phase = phase
        self.replicas[index].turn += 1
        self.replicas[index].isReserved = nil
        self.replicas[index].isRepeated = nil
        return self.pendingRequest(of: self.replicas[index], pausing: true).map { [$0] } ?? []
    }

    private func pendingRequest(of replica: ReplicaPlacement, pausing: Bool) -> Directive? {
        let (index, turn) = (replica.index, replica.turn)
        func pause(_ asked: Int) -> Duration { pausing ? Self.pause(beforeQuestion: asked) : .zero }
        switch replica.phase {
        case .planning: return .plan(replica: index, turn: turn)
        case .reserving(let hold): return .reserve(replica: index, hold, turn: turn)
        case .doubting(let hold, let asked), .verifying(let hold, let asked):
            return .query(replica: index, hold, turn: turn, after: pause(asked))
        case .committing(let hold, let asked):
            return .commit(replica: index, hold, turn: turn, after: pause(asked))
        case .releasing(let hold, let asked, _), .withdrawing(let hold, let asked, _):
            return .release(replica: index, hold, turn: turn, after: pause(asked))
        case .deleting(let hold, let machine, let asked), .replacing(let hold, let machine, let asked):
            return .delete(replica: index, hold, machine, turn: turn, after: pause(asked))
        case .placed, .exhausted, .gone: return nil
        }
    }

    /// Nothing before the first two questions, then 2 s, 4 s, … up to `longestPause`.
    package static func pause(beforeQuestion asked: Int) -> Duration {
        asked <= 1 ? .zero : min(self.longestPause, .seconds(1 << min(asked - 1, 10)))
    }
}
