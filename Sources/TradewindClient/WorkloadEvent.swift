public import Foundation

/// One thing that happened to a workload, or that was done for it.
public struct WorkloadEvent: Hashable, Sendable {
    /// What happened; a later server may have kinds that this library has no name for.
    public struct Kind: RawRepresentable, Hashable, Sendable, Codable {
        public let rawValue: String

        /// A kind as the server writes it.
        public init(rawValue: String) {
            self.rawValue = rawValue
        }

        /// A site said no, or did not answer in time.
        public static let refused = Self(rawValue: "refused")
        /// A site has taken the replica.
        public static let placed = Self(rawValue: "placed")
        /// No site can take it now.
        public static let unplaceable = Self(rawValue: "unplaceable")
        /// The machine runs.
        public static let running = Self(rawValue: "running")
        /// The machine ended by itself.
        public static let failed = Self(rawValue: "failed")
        /// The machine was stopped, by command or because its lease ran out.
        public static let stopped = Self(rawValue: "stopped")
        /// The machine was deleted.
        public static let deleted = Self(rawValue: "deleted")
        /// It is to be started again where it is.
        public static let restarting = Self(rawValue: "restarting")
        /// It is given up where it is and placed anew.
        public static let replacing = Self(rawValue: "replacing")
        /// It leaves a site that is drained.
        public static let leaving = Self(rawValue: "leaving")
        /// It leaves its site for a better one.
        public static let moving = Self(rawValue: "moving")
        /// The workload grows.
        public static let added = Self(rawValue: "added")
        /// The workload shrinks.
        public static let dropped = Self(rawValue: "dropped")
        /// Its site was out of reach for longer than its lease, or is gone for good.
        public static let lost = Self(rawValue: "lost")
        /// Something that ought to be done cannot be done now.
        public static let waiting = Self(rawValue: "waiting")
        /// Nothing of the workload is left.
        public static let removed = Self(rawValue: "removed")
    }

    /// Where a watch goes on after it.
    public let position: Int64
    /// The workload's id.
    public let workload: String
    /// The workload's name.
    public let name: String
    /// Whose it is.
    public let owner: String
    /// Rises by one with each event of the workload.
    public let number: Int
    /// When it happened, by the coordinator's clock.
    public let at: Date
    /// What happened.
    public let kind: Kind
    /// The replica that it is about; nil if it is about the workload as a whole.
    public let replica: Int?
    /// The site that it is about, if any.
    public let site: String?
    /// What happened and why, for people.
    public let text: String
    /// Whether events before it are missing: the reader was away for longer than the server keeps them.
    public internal(set) var followsGap = false
}

extension WorkloadEvent: Decodable {
    private struct Event: Decodable {
        let position: Int64
        let number: Int
        let at: Int64
        let kind: Kind
        let replica: Int?
        let site: String?
        let text: String
    }

    private enum CodingKeys: String, CodingKey {
        case workload, name, owner, event
    }

    /// Reads what the server writes; what it does not know it passes over.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        let event = try container.decode(Event.self, forKey: .event)
        self.workload = try container.decode(String.self, forKey: .workload)
        self.name = try container.decode(String.self, forKey: .name)
        self.owner = try container.decode(String.self, forKey: .owner)
        self.position = event.position
        self.number = event.number
        self.at = Date(timeIntervalSince1970: Double(event.at) / 1_000)
        self.kind = event.kind
        self.replica = event.replica
        self.site = event.site
        self.text = event.text
    }
}
