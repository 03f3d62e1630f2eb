package import CloudModel

/// What an event of the workload's log will say.
package struct KeepingNote: Hashable, Sendable {
    /// The most characters of a text.
    package static let textMax = 500

    package let kind: WorkloadEvent.Kind
    /// Nil if it concerns the workload as a whole.
    package let replica: Int?
    package let site: SiteID?
    package let text: String

    package init(_ kind: WorkloadEvent.Kind, replica: Int?, site: SiteID?, _ text: String) {
        self.kind = kind
        self.replica = replica
        self.site = site
        self.text = text.count > Self.textMax ? text.prefix(Self.textMax - 1) + "…" : text
    }
}
