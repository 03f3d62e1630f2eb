/// One thing that happened to a workload, or that was done for it, in words that say why.
package struct WorkloadEvent: Hashable, Codable, Sendable {
    package enum Kind: String, Hashable, Codable, Sendable, CaseIterable {
        /// A site said no, or did not answer in time.
        case refused
        /// A site has taken the replica.
        case placed
        /// No site can take it now.
        case unplaceable
        case running
        /// The machine ended by itself.
        case failed
        /// The machine was stopped, by command or because its lease ran out.
        case stopped
        /// The machine was deleted.
        case deleted
        /// It is to be started again where it is.
        case restarting
        /// It is given up where it is and placed anew.
        case replacing
        /// It leaves a site that is drained.
        case leaving
        /// It leaves its site for a better one.
        case moving
        /// The workload grows.
        case added
        /// The workload shrinks.
        case dropped
        /// Its site was out of reach for longer than its lease, or is gone for good.
        case lost
        /// Something that ought to be done cannot be done now.
        case waiting
        /// Nothing of it is left.
        case removed
    }

    /// Rises by one with each event of the workload.
    package let number: Int
    /// By the coordinator's clock.
    package let at: Instant
    package let kind: Kind
    /// Nil if it concerns the workload as a whole.
    package let replica: Int?
    package let site: SiteID?
    package let text: String
    /// Rises with each event of the coordinator, whatever workload it is about; nil until it has its place.
    package var position: Int64?

    package init(number: Int, at: Instant, kind: Kind, replica: Int?, site: SiteID?, text: String) {
        self.number = number
        self.at = at
        self.kind = kind
        self.replica = replica
        self.site = site
        self.text = text
    }
}
