/// What applying a document would change, and where its parts would go.
public struct ApplicationPlan: Hashable, Sendable, Decodable {
    /// What would become of one part.
    public struct Change: Hashable, Sendable, Decodable {
        /// What would be done; a later server may have kinds that this library has no name for.
        public struct Kind: RawRepresentable, Hashable, Sendable, Codable {
            public let rawValue: String

            /// A kind as the server writes it.
            public init(rawValue: String) {
                self.rawValue = rawValue
            }

            /// It is placed.
            public static let add = Self(rawValue: "add")
            /// Replicas come or go; those that stay are left alone.
            public static let scale = Self(rawValue: "scale")
            /// Another workload takes over: placed beside the one there is, which is removed once it runs.
            public static let replace = Self(rawValue: "replace")
            /// It is removed.
            public static let remove = Self(rawValue: "remove")
            /// Nothing is done.
            public static let unchanged = Self(rawValue: "unchanged")
        }

        /// The part's name.
        public let part: String
        /// What would be done.
        public let kind: Kind
        /// What differs from what is there.
        public let differences: [String]
        /// Whether machines would be deleted with their disks.
        public let destroys: Bool
    }

    /// The application's name.
    public let application: String
    /// What would become of each part.
    public let changes: [Change]
    /// Where each part that would be placed or grow would go; a part behind one without a site has none.
    public let plans: [String: PlacementPlan]
    /// The same in words.
    public let text: String

    /// Whether machines would be deleted with their disks, so that it must be agreed to.
    public var destroys: Bool { self.changes.contains(where: \.destroys) }
}
