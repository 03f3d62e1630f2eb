/// What becomes of a replica as a site where something of it is, or may be, is gone for good.
package struct ReplicaLoss: Hashable, Codable, Sendable {
    package enum Outcome: String, Hashable, Codable, Sendable, CaseIterable {
        /// What was there was to end anyhow: it counts as ended.
        case removed
        /// A machine was there or may have been: the replica is placed under the next epoch.
        case placedAnew = "placed-anew"
        /// At most a hold was there, from which no machine was asked for: the next site is tried.
        case passedOver = "passed-over"
        /// The machine that it was leaving there counts as deleted.
        case leftBehind = "left-behind"
    }

    package let replica: Int
    package let outcome: Outcome
}
