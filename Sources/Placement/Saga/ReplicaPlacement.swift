package import CloudModel

/// How far one replica has come, and where it was turned away.
package struct ReplicaPlacement: Hashable, Codable, Sendable {
    package enum Phase: Hashable, Codable, Sendable {
        /// Needs a site.
        case planning
        /// A hold was asked for.
        case reserving(Hold)
        /// The request for a hold went unanswered `asked` times; the site is asked what became of it.
        case doubting(Hold, asked: Int)
        /// The site holds the capacity; the machine was asked for.
        case committing(Hold, asked: Int)
        /// The request for the machine went unanswered: it may exist. Nothing is tried elsewhere until that is known.
        case verifying(Hold, asked: Int)
        /// The site refused to make the machine; the hold must be over before another site is tried, or a request
        /// that is still on its way could make it after all.
        case withdrawing(Hold, asked: Int, reason: String)
        case placed(Hold, MachineID)
        /// Given up where it is: the machine is to be deleted, and the replica is placed anew once it is gone.
        case replacing(Hold, MachineID, asked: Int)
        /// No longer wanted: the hold is to be released, or the machine deleted if it was committed after all.
        case releasing(Hold, asked: Int, mayBeCommitted: Bool)
        case deleting(Hold, MachineID, asked: Int)
        /// Nothing is left to try.
        case exhausted(String)
        /// Removed; nothing of it is left anywhere.
        case gone
    }

    /// A site that was tried in vain, and why.
    package struct Attempt: Hashable, Codable, Sendable {
        package let site: SiteID
        package let reservation: ReservationID
        package let reason: String
        /// Whether the site may be tried again for this replica: its hold ran out before it was used.
        package let mayBeTriedAgain: Bool
    }

    /// Sites that could not be asked for a replica.
    struct Postponement: Hashable, Codable, Sendable {
        /// How often they were waited for, under this epoch.
        var count = 0
        /// Those that have not turned it away since.
        var sites: [SiteID] = []
    }

    /// The growth of a workload that brought a replica.
    struct Addition: Hashable, Codable, Sendable {
        /// Which one; those of a gang that were added together are placed together.
        let number: Int
        /// The epoch at which the replica was first asked for.
        let epoch: Int
    }

    package let index: Int
    package internal(set) var epoch: Int
    package internal(set) var phase: Phase
    /// The chain of refusals, oldest first.
    package internal(set) var attempts: [Attempt]
    /// What the machine last reported about itself.
    package internal(set) var machine: Machine?
    /// The last trouble, while there is some: `tokyo.test does not answer`.
    package internal(set) var trouble: String?
    /// Rises with each change of phase, so that a time-out of an earlier request is not taken for one of this.
    package internal(set) var turn: Int
    /// Whether the site holds the capacity and the machine is not asked for before all of the gang are held; nil
    /// as false.
    package internal(set) var isReserved: Bool?
    /// Whether the request for a hold is repeated after a restart, so that the site may hold it already; nil as false.
    var isRepeated: Bool?
    /// What is done so that it keeps running; nil until it was placed for the first time.
    package internal(set) var keeping: ReplicaKeeping?
    /// The highest epoch it ever had, if that is not this one: a move has come to nothing.
    var spentEpoch: Int?
    /// Of a gang, the last epoch before which it was never whole, if that is not the one at which the replica was first
    /// asked for.
    var incompleteEpoch: Int?
    /// Nil while every site could be asked.
    var postponement: Postponement?
    /// Nil for one that the workload began with.
    var addition: Addition?
    /// Which of the workload's searches for a site brought it where it is, in their order; nil for the first, made for
    /// all that the workload began with.
    ///
    /// Sites' clocks may differ by hours: what of two replicas is the newer one only the coordinator can say.
    var search: Int?
    /// Whom it was added for; nil for the workload's own audience.
    package internal(set) var near: Audience?
    /// Whether it is no longer wanted; nil as false.
    ///
    /// Its place is kept, so that its epochs never begin anew.
    var isDropped: Bool?
    /// Whether it was added with the last change of their number and given up again, as no site took it; nil as false.
    var isTurnedAway: Bool?

    init(index: Int) {
        self.index = index
        self.epoch = 1
        self.phase = .planning
        self.attempts = []
        self.turn = 0
    }

    /// Its epoch once it is placed anew: above every one that it ever had.
    var nextEpoch: Int { max(self.epoch, self.spentEpoch ?? 0) + 1 }

    /// Where the replica is or is about to be.
    package var hold: Hold? {
        switch self.phase {
        case .planning, .exhausted, .gone: nil
        case .reserving(let hold), .doubting(let hold, _), .committing(let hold, _),
            .verifying(let hold, _), .placed(let hold, _), .releasing(let hold, _, _),
            .withdrawing(let hold, _, _), .deleting(let hold, _, _), .replacing(let hold, _, _):
            hold
        }
    }

    /// Sites that could not be asked for it: any other one is better, and if there is none they are asked again.
    package var postponed: [SiteID] { self.postponement?.sites ?? [] }

    /// Sites that are not tried again for this replica, with the reason.
    package var excluded: [SiteID: String] {
        var excluded: [SiteID: String] = [:]
        for attempt in self.attempts where !attempt.mayBeTriedAgain {
            excluded[attempt.site] = attempt.reason
        }
        if let site = self.keeping?.avoided, excluded[site] == nil {
            excluded[site] = "the replica was there before"
        }
        if let site = self.keeping?.predecessor?.hold.site, excluded[site] == nil {
            excluded[site] = "the replica leaves it"
        }
        return excluded
    }

    /// The chain of refusals in words.
    package var chain: [String] {
        self.attempts.map { "\($0.site): \($0.reason)" }
    }
}
