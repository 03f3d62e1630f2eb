package import CloudModel

/// What is being done so that a replica that was placed once keeps running.
package struct ReplicaKeeping: Hashable, Codable, Sendable {
    /// A machine that the replica leaves behind: it goes on running until its successor does, and is then deleted.
    package struct Predecessor: Hashable, Codable, Sendable {
        package let hold: Hold
        package let machine: MachineID
        package let epoch: Int
        /// What the machine last reported about itself.
        var last: Machine?
        /// Whom the replica is for where it is.
        var near: Audience?
        /// The search that brought the replica there; nil for the workload's first.
        var search: Int?
        /// Whether its deletion is being asked for.
        package internal(set) var isEnding = false
        package internal(set) var asked = 0
        package internal(set) var due: Instant?
    }

    /// Why the last order to start came to nothing.
    enum Setback: String, Hashable, Codable, Sendable {
        case refused, declined, unanswered
    }

    /// Starts in place since it last ran for long.
    package internal(set) var restarts = 0
    /// Times it was placed anew since it last ran for long.
    package internal(set) var moves = 0
    /// Since when the machine is known to run.
    package internal(set) var runningSince: Instant?
    /// The change of the machine that is being dealt with: when it failed, by its site's clock.
    var fault: Instant?
    /// When the next step for `fault` may be taken.
    package internal(set) var due: Instant?
    /// Whether a start was ordered for `fault`.
    var isOrdered = false
    var setback: Setback?
    /// Starts in a row that, as far as is known, were not tried; nil as zero.
    var futileStarts: Int?
    /// Whether the machine was made without the lease that was asked for, so that nothing ends it; nil as false.
    var isUnleased: Bool?
    /// The site where it failed last: another one is looked for first.
    package internal(set) var avoided: SiteID?
    package internal(set) var predecessor: Predecessor?
    /// The site it moves to, until that was asked; nil for the best one.
    package internal(set) var destination: SiteID?
    /// Whether it leaves for a better site only, and so may as well stay; nil as false.
    package internal(set) var isVoluntary: Bool?
    /// The last remark about waiting, so that it is made once.
    var remark: String?
    /// The site that drains, if `remark` says why the replica stays there.
    var drainRemarked: SiteID?

    package init() {}
}
