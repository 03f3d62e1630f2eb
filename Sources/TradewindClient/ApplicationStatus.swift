public import Foundation

/// An application as its coordinator sees it at a moment.
public struct ApplicationStatus: Hashable, Sendable {
    /// How far it is; a later server may have states that this library has no name for.
    public struct State: RawRepresentable, Hashable, Sendable, Codable {
        public let rawValue: String

        /// A state as the server writes it.
        public init(rawValue: String) {
            self.rawValue = rawValue
        }

        /// Something of it is still to be placed, started, moved or taken away.
        public static let applying = Self(rawValue: "applying")
        /// Every part runs.
        public static let running = Self(rawValue: "running")
        /// Some part cannot be placed or does not run, and nothing more is tried.
        public static let failed = Self(rawValue: "failed")
        /// What did not run when it was cancelled was given up.
        public static let cancelled = Self(rawValue: "cancelled")
        /// Its parts are being deleted.
        public static let removing = Self(rawValue: "removing")
        /// Nothing of it is left.
        public static let removed = Self(rawValue: "removed")
    }

    /// How one part stands.
    public struct Part: Hashable, Sendable, Decodable {
        /// How far a part is; a later server may have states that this library has no name for.
        public struct State: RawRepresentable, Hashable, Sendable, Codable {
            public let rawValue: String

            /// A state as the server writes it.
            public init(rawValue: String) {
                self.rawValue = rawValue
            }

            /// It waits for another part, or for a site.
            public static let waiting = Self(rawValue: "waiting")
            /// Sites are being asked.
            public static let placing = Self(rawValue: "placing")
            /// It has its sites, and does not run in full yet.
            public static let starting = Self(rawValue: "starting")
            /// Every replica runs.
            public static let running = Self(rawValue: "running")
            /// Another workload is to take over, and the one before serves until then.
            public static let replacing = Self(rawValue: "replacing")
            /// It was given up.
            public static let cancelled = Self(rawValue: "cancelled")
            /// It cannot be placed, or does not run, and nothing more is tried.
            public static let failed = Self(rawValue: "failed")
            /// It is being deleted, or waits for its turn to be.
            public static let removing = Self(rawValue: "removing")
            /// Nothing of it is left.
            public static let removed = Self(rawValue: "removed")
        }

        /// Its name in the document.
        public let name: String
        /// How far it is.
        public let state: State
        /// The same in a few words, with what it comes from.
        public let text: String
        /// The id of the workload that is this part; nil while there is none.
        public let workload: String?
        /// How many replicas it has.
        public let replicas: Int
        /// How many of them run.
        public let running: Int
        /// Where they are, each site once.
        public let sites: [String]
    }

    /// The id, which names it wherever an application is to be named.
    public let id: String
    /// The name in its document.
    public let name: String
    /// Whose it is.
    public let owner: String
    /// How far it is.
    public let state: State
    /// Why it is so, where that needs to be said.
    public let reason: String?
    /// Its parts, in the order of the document.
    public let parts: [Part]
    /// When it was applied first, by the coordinator's clock.
    public let created: Date
}

extension ApplicationStatus: Decodable {
    private enum CodingKeys: String, CodingKey {
        case id, name, owner, state, reason, parts, created
    }

    /// Reads what the server writes; what it does not know it passes over.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        self.id = try container.decode(String.self, forKey: .id)
        self.name = try container.decode(String.self, forKey: .name)
        self.owner = try container.decode(String.self, forKey: .owner)
        self.state = try container.decode(State.self, forKey: .state)
        self.reason = try container.decodeIfPresent(String.self, forKey: .reason)
        self.parts = try container.decode([Part].self, forKey: .parts)
        let milliseconds = try container.decode(Int64.self, forKey: .created)
        self.created = Date(timeIntervalSince1970: Double(milliseconds) / 1_000)
    }
}
