package import CloudModel

/// What is known of the response times of one workload, place by place.
package struct ResponseBook: Hashable, Sendable {
    /// Places that are known at once; one of which nothing was heard for `ResponseWindow.slots` makes room.
    package static let placeLimit = 64

    private var windows: [Audience.Place: ResponseWindow] = [:]

    package init() {}

    /// How many places are known.
    package var count: Int { self.windows.count }

    /// Takes a report; false if it is about one place too many.
    package mutating func record(_ report: ResponseReport, at now: Instant) -> Bool {
        if self.windows[report.place] == nil, self.windows.count >= Self.placeLimit {
            self.forget(now)
            guard self.windows.count < Self.placeLimit else { return false }
        }
        for sample in report.samples {
            self.windows[report.place, default: ResponseWindow()].add(
                sample.milliseconds, count: sample.count, at: now)
        }
        return true
    }

    /// Forgets the places of which nothing was heard of late.
    package mutating func forget(_ now: Instant) {
        for (place, var window) in self.windows {
            let isEmpty = window.forget(now)
            self.windows[place] = isEmpty ? nil : window
        }
    }

    /// Each place that was heard of lately, with what that percentage of its responses did not exceed.
    package func responses(percentile: Int, at now: Instant, since: Instant? = nil) -> [PlaceResponse] {
        self.windows.compactMap { place, window in
            let digest = window.digest(at: now, since: since)
            return digest.percentile(percentile).map {
                let recent = window.digest(at: now, since: since, slots: ResponseWindow.recentSlots)
                return PlaceResponse(
                    place: place, count: digest.total, milliseconds: $0,
                    recent: recent.percentile(percentile))
            }
        }
        .sorted { $0.place.text < $1.place.text }
    }
}
