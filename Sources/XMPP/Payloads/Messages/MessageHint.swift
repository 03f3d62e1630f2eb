import XML

/// What the sender of a message would like to become of it (XEP-0334).
package enum MessageHint: String, Hashable, Sendable, CaseIterable {
    /// Not to be kept in an archive.
    case noPermanentStore = "no-permanent-store"
    /// Not to be kept at all.
    case noStore = "no-store"
    /// Not to be copied to other clients.
    case noCopy = "no-copy"
    /// To be kept although it does not look it.
    case store
}

extension Message {
    /// What the hints ask for where messages are kept for good: true to keep it, false not to, nil if they say nothing.
    package var archiving: Bool? {
        if self.has(.noStore) || self.has(.noPermanentStore) { return false }
        return self.has(.store) ? true : nil
    }

    /// Whether the message has the hint; hints in an error are somebody else's (XEP-0334 §4).
    package func has(_ hint: MessageHint) -> Bool {
        self.kind != .error && self.payloads.contains { $0.matches(hint.rawValue, Namespace.hints) }
    }
}
