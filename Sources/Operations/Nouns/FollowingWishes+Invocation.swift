package import CloudModel

extension FollowingWishes {
    /// What the parameters `follow-…` and those of the peak give; nil if users are not to be followed.
    package init?(_ invocation: Invocation) throws(OperationError) {
        func whole(_ name: String) -> Int? { invocation[name]?.integer.map { Int($0) } }
        guard let target = invocation["follow-target"]?.number else {
            let orphan = Catalogue.followingWishes.first { invocation[$0.name] != nil }
            guard let orphan else { return nil }
            throw OperationError(
                .badRequest, "\(orphan.name) says how to follow users, but not what for",
                next: "add follow-target=MILLISECONDS")
        }
        guard let maximum = whole("follow-maximum") else {
            throw OperationError(
                .badRequest, "users cannot be followed without bounds",
                next: "add follow-maximum=N, the most replicas there may be")
        }
        var peak: DailyHours?
        if let text = invocation["peak"]?.string {
            guard let hours = DailyHours(text) else {
                throw OperationError(
                    .badRequest, "\(text.quoted) is no part of a day", next: "write peak=08:00-20:00")
            }
            peak = hours
        }
        self.init(target: target, maximum: maximum)
        self.peak = peak
        self.percentile = whole("follow-percentile") ?? self.percentile
        self.minimum = whole("follow-minimum") ?? self.minimum
        self.changesPerHour = whole("follow-changes") ?? self.changesPerHour
        self.costPerHour = invocation["follow-cost"]?.number
        self.pauseSeconds = whole("follow-pause").map { $0 / 1_000 } ?? self.pauseSeconds
        self.offPeakTarget = invocation["off-peak-target"]?.number
        self.offPeakMinimum = whole("off-peak-minimum")
    }
}
