package import CloudModel
package import Federation

/// Why the ledger says no: a normal answer, with what the site really has.
package struct SiteRefusal: Error, Hashable, Sendable {
    package let reason: Refusal.Reason
    /// What was asked of what, and why not.
    package let message: String
    /// What the asker can do next.
    package let next: String?
    /// Filled in when the answer leaves the site.
    package var capacity: Capacity?

    package init(_ reason: Refusal.Reason, _ message: String, next: String? = nil) {
        self.reason = reason
        // It may quote a hypervisor or whoever asked.
        self.message = WireText.fit(message)
        self.next = next
    }

    /// Message and next step as one text.
    package var text: String {
        self.next.map { "\(self.message); \($0)" } ?? self.message
    }
}
