package import CloudModel
package import Placement

/// What became of the replicas of a site that an admin has declared gone for good.
package struct GoneSiteReport: Hashable, Codable, Sendable {
    package struct Line: Hashable, Codable, Sendable {
        /// The name of the workload.
        package let workload: String
        package let owner: String
        package let replica: Int
        package let outcome: ReplicaLoss.Outcome
    }

    package let site: SiteID
    /// Empty if nothing was there, or all of it was declared lost before.
    package let lines: [Line]

    package init(site: SiteID, lines: [Line]) {
        self.site = site
        self.lines = lines
    }

    /// One sentence for people.
    package var message: String {
        guard !self.lines.isEmpty else { return "nothing of any workload is at \(self.site)" }
        let moving = self.lines.count { $0.outcome == .placedAnew || $0.outcome == .passedOver }
        let ended = self.lines.count - moving
        var parts: [String] = []
        if moving > 0 {
            parts.append("\(moving.counted("replica")) \(moving == 1 ? "is" : "are") placed anew")
        }
        if ended > 0 { parts.append("\(ended.counted("deletion")) taken as done") }
        return "\(self.site) is gone for good: \(parts.joined(separator: ", "))"
    }
}
