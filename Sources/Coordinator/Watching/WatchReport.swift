package import CloudModel

/// What somebody who asked for news is answered.
package struct WatchReport: Hashable, Codable, Sendable {
    /// Empty where they were told as they came.
    package let events: [WorkloadNews]
    /// Where to go on: what to say as `after` next time.
    package let position: Int64

    package init(events: [WorkloadNews], position: Int64) {
        self.events = events
        self.position = position
    }
}
