/// A roster as it is kept: its version and its items.
package struct StoredRoster: Hashable, Sendable {
    /// Rises with each change that clients see (RFC 6121 §2.6).
    package var version: Int64
    package var items: [RosterItemRecord]

    package init(version: Int64, items: [RosterItemRecord]) {
        self.version = version
        self.items = items
    }
}
