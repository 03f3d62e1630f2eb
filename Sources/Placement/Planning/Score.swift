import CloudModel

/// How good a site is for the next replica, in its parts, each 0…1 and higher for better.
package struct Score: Hashable, Codable, Sendable {
    /// Nil if the workload has no audience.
    package let latency: Double?
    package let load: Double
    package let room: Double
    /// What load and room were multiplied with because of their age.
    package let freshness: Double
    /// The mean of the parts, weighted by the objectives.
    package let total: Double

    init(latency: Double?, load: Double, room: Double, freshness: Double, objectives: Objectives) {
        self.latency = latency
        self.load = load
        self.room = room
        self.freshness = freshness
        let latencyWeight = latency == nil ? 0 : objectives.latency
        let weights = latencyWeight + objectives.load + objectives.room
        let sum =
            latencyWeight * (latency ?? 0) + freshness * (objectives.load * load + objectives.room * room)
        self.total = weights > 0 ? sum / weights : 0
    }
}
