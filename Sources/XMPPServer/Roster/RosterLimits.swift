/// How large a roster may grow.
package struct RosterLimits: Hashable, Sendable {
    /// Items that the owner listed; beyond it, `resource-constraint`.
    package var items: Int
    /// Requests from strangers that wait for an answer; a further one is refused with `resource-constraint`, so that
    /// a flood of requests cannot fill the disk.
    package var pendingRequests: Int
    /// Bytes of each request that waits, markup included.
    ///
    /// Of a longer one only what it says to people is kept: its status and nickname, cut to so many bytes.
    package var requestBytes: Int
    /// Bytes of an item's name and of each group's name (RFC 6121 §2.3.3: `not-acceptable`).
    package var nameBytes: Int
    /// Groups of one item.
    package var groups: Int

    package init(
        items: Int = 1_000, pendingRequests: Int = 100, requestBytes: Int = 1_024, nameBytes: Int = 1_023,
        groups: Int = 32
    ) {
        self.items = items
        self.pendingRequests = pendingRequests
        self.requestBytes = requestBytes
        self.nameBytes = nameBytes
        self.groups = groups
    }
}
