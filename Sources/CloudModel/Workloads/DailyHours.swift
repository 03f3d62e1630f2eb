/// A part of each day in UTC, such as `08:00-20:00`; one that ends before it begins goes over midnight.
package struct DailyHours: Hashable, Codable, Sendable {
    private static let minutesPerDay = 1_440

    /// Minutes of the day at which it begins and ends.
    package let from: Int
    package let until: Int

    /// Nil unless both are minutes of a day, and different.
    package init?(from: Int, until: Int) {
        let day = 0..<Self.minutesPerDay
        guard day.contains(from), day.contains(until), from != until else { return nil }
        self.from = from
        self.until = until
    }

    /// Reads `08:00-20:00`.
    package init?(_ text: String) {
        let ends = text.split(separator: "-", omittingEmptySubsequences: false).map(Self.minute)
        guard ends.count == 2, let from = ends[0], let until = ends[1] else { return nil }
        self.init(from: from, until: until)
    }

    private static func minute(_ text: Substring) -> Int? {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        guard parts.count == 2, parts.allSatisfy({ $0.count == 2 && $0.allSatisfy(\.isWholeNumber) }),
            let hour = Int(parts[0]), let minute = Int(parts[1]), hour < 24, minute < 60
        else { return nil }
        return 60 * hour + minute
    }

    package func contains(_ instant: Instant) -> Bool {
        let minute = Int((instant.millisecondsSinceEpoch / 60_000) % Int64(Self.minutesPerDay))
        return self.from < self.until
            ? (self.from..<self.until).contains(minute) : minute >= self.from || minute < self.until
    }
}
