public import Foundation

/// A workload as its coordinator sees it at a moment.
public struct WorkloadStatus: Hashable, Sendable {
    /// How far it is; a later server may have states that this library has no name for.
    public struct State: RawRepresentable, Hashable, Sendable, Codable {
        public let rawValue: String

        /// A state as the server writes it.
        public init(rawValue: String) {
            self.rawValue = rawValue
        }

        /// Sites are being asked.
        public static let placing = Self(rawValue: "placing")
        /// Every replica is at a site.
        public static let placed = Self(rawValue: "placed")
        /// Placed in part or not at all, with nothing left to try.
        public static let failed = Self(rawValue: "failed")
        /// Its machines are being deleted.
        public static let removing = Self(rawValue: "removing")
        /// Nothing of it is left.
        public static let removed = Self(rawValue: "removed")
    }

    /// Where one replica is.
    public struct Replica: Hashable, Sendable, Decodable {
        /// What is being done about it; a later server may have changes that this library has no name for.
        public struct Change: RawRepresentable, Hashable, Sendable, Codable {
            public let rawValue: String

            /// A change as the server writes it.
            public init(rawValue: String) {
                self.rawValue = rawValue
            }

            /// It came when the workload grew, and is not placed yet.
            public static let added = Self(rawValue: "added")
            /// It is on its way from one site to another.
            public static let moving = Self(rawValue: "moving")
            /// It is no longer wanted, and its machine is being deleted.
            public static let dropped = Self(rawValue: "dropped")
        }

        /// Its number, from 0; those of replicas that are not wanted any more are missing.
        public let index: Int
        /// How often it was placed.
        public let epoch: Int
        /// The site that it is at or is being asked.
        public let site: String?
        /// The id of its machine.
        public let machine: String?
        /// What its machine is doing; nil if there is none.
        public let state: MachineState?
        /// What is being done about it, beside keeping it running.
        public let change: Change?
    }

    /// The id, which names it wherever a workload is to be named.
    public let id: String
    /// The name that was asked for.
    public let name: String
    /// Whose it is.
    public let owner: String
    /// How far it is.
    public let state: State
    /// Why it is so, where that needs to be said.
    public let reason: String?
    /// Where its replicas are.
    public let replicas: [Replica]
    /// When it was asked for, by the coordinator's clock.
    public let created: Date

    /// Whether every replica that is wanted runs.
    public var isRunning: Bool {
        self.state == .placed
            && self.replicas.allSatisfy { $0.state == .running || $0.change == .dropped }
    }
}

extension WorkloadStatus: Decodable {
    private struct Specification: Decodable {
        let name: String
    }

    private enum CodingKeys: String, CodingKey {
        case id, owner, specification, state, reason, replicas, created
    }

    /// Reads what the server writes; what it does not know it passes over.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        self.id = try container.decode(String.self, forKey: .id)
        self.name = try container.decode(Specification.self, forKey: .specification).name
        self.owner = try container.decode(String.self, forKey: .owner)
        self.state = try container.decode(State.self, forKey: .state)
        self.reason = try container.decodeIfPresent(String.self, forKey: .reason)
        self.replicas = try container.decode([Replica].self, forKey: .replicas)
        let milliseconds = try container.decode(Int64.self, forKey: .created)
        self.created = Date(timeIntervalSince1970: Double(milliseconds) / 1_000)
    }
}
