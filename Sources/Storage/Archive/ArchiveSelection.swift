/// Which messages of one archive are wanted, and which page of them.
package struct ArchiveSelection: Hashable, Sendable {
    /// Where the page lies; within it, messages are always in the order of their arrival.
    package enum Position: Hashable, Sendable {
        /// The earliest messages.
        case first
        /// The earliest behind this one.
        case after(Int64)
        /// The latest before this one.
        case before(Int64)
        /// The latest.
        case last
    }

    package var archive: String
    /// The other side, with or without its resource.
    package var peer: String?
    package var peerResource: String?
    /// Milliseconds since 1970-01-01T00:00:00Z, both inclusive.
    package var from: Int64?
    package var until: Int64?
    /// Exclusive bounds.
    package var after: Int64?
    package var before: Int64?
    /// These alone; nil for all.
    package var sequences: [Int64]?
    package var position: Position
    /// Messages of a page; with 0, they are only counted.
    package var limit: Int
    /// Bytes of a page's stanzas beyond which it ends early; one message is always given.
    package var byteLimit: Int

    package init(archive: String, position: Position = .first, limit: Int, byteLimit: Int = .max) {
        self.archive = archive
        self.position = position
        self.limit = limit
        self.byteLimit = byteLimit
    }

    /// What the one who asks has named, all of which must be there (XEP-0313 §4.1.3, §4.3.2).
    var named: Set<Int64> {
        var named = Set(self.sequences ?? [])
        for bound in [self.after, self.before] {
            if let bound { named.insert(bound) }
        }
        switch self.position {
        case .first, .last: break
        case .after(let sequence), .before(let sequence): named.insert(sequence)
        }
        return named
    }
}
