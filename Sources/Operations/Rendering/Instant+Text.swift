package import CloudModel

extension Instant {
    /// The date and time in UTC to the second (RFC 3339), `2026-11-22T13:05:00Z`.
    package var dateText: String {
        let seconds = Self.floorDivision(self.millisecondsSinceEpoch, 1_000)
        let days = Self.floorDivision(seconds, 86_400)
        let time = seconds - days * 86_400
        let (year, month, day) = Self.civilDate(days: days)
        let date = "\(year)-\(Self.two(month))-\(Self.two(day))"
        return "\(date)T\(Self.two(time / 3_600)):\(Self.two(time / 60 % 60)):\(Self.two(time % 60))Z"
    }

    private static func two(_ number: Int64) -> String {
        number < 10 ? "0\(number)" : "\(number)"
    }

    private static func floorDivision(_ dividend: Int64, _ divisor: Int64) -> Int64 {
        let quotient = dividend / divisor
        return dividend % divisor < 0 ? quotient - 1 : quotient
    }

    /// Days since 1970-01-01 as a date of the proleptic Gregorian calendar.
    ///
    /// Years are counted from March, so that a leap day ends one; 146,097 days make 400 years.
    private static func civilDate(days: Int64) -> (year: Int64, month: Int64, day: Int64) {
        let shifted = days + 719_468
        let era = Self.floorDivision(shifted, 146_097)
        let dayOfEra = shifted - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shiftedMonth = (5 * dayOfYear + 2) / 153
        let day = dayOfYear - (153 * shiftedMonth + 2) / 5 + 1
        let month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
        return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, day)
    }
}
