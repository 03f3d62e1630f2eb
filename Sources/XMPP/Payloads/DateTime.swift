/// A moment as XMPP writes it (XEP-0082): UTC, to the millisecond.
///
/// The Gregorian calendar is applied to all of time, and there are no leap seconds: `:60` is read as the next
/// minute.
package struct DateTime: Hashable, Sendable, Comparable {
    /// Since 1970-01-01T00:00:00Z.
    package let millisecondsSinceEpoch: Int64

    package init(millisecondsSinceEpoch: Int64) {
        self.millisecondsSinceEpoch = millisecondsSinceEpoch
    }

    package static func < (lhs: Self, rhs: Self) -> Bool {
        lhs.millisecondsSinceEpoch < rhs.millisecondsSinceEpoch
    }

    private static let millisecondsPerDay: Int64 = 86_400_000
    /// Days of the 400 years after which the calendar repeats, and from 0000-03-01 to 1970-01-01.
    private static let daysPerCycle: Int64 = 146_097
    private static let daysBeforeEpoch: Int64 = 719_468

    /// Reads `2026-11-22T13:25:00.123Z`, with or without a fraction, in any zone; nil for anything else.
    package init?(_ text: String) {
        let bytes = Array(text.utf8)
        guard bytes.count >= 20, bytes[10] == UInt8(ascii: "T") else { return nil }
        guard let day = Self.days(bytes[..<10]), let clock = Self.milliseconds(bytes[11..<19]) else {
            return nil
        }
        var rest = bytes[19...]
        var fraction: Int64 = 0
        if rest.first == UInt8(ascii: ".") {
            let digits = rest.dropFirst().prefix { $0 >= UInt8(ascii: "0") && $0 <= UInt8(ascii: "9") }
            guard !digits.isEmpty,
                let value = Self.number(
                    Array(digits.prefix(3)) + [48, 48, 48].dropFirst(min(3, digits.count)))
            else { return nil }
            fraction = value
            rest = rest[digits.endIndex...]
        }
        guard let offset = Self.offset(String(decoding: rest, as: UTF8.self)) else { return nil }
        self.init(
            millisecondsSinceEpoch: day * Self.millisecondsPerDay + clock + fraction - Int64(offset) * 60_000)
    }

    /// Minutes of a zone, `Z` or `+hh:mm`; nil for anything else.
    static func offset(_ text: String) -> Int? {
        let bytes = Array(text.utf8)
        if bytes == [UInt8(ascii: "Z")] { return 0 }
        guard bytes.count == 6, bytes[3] == UInt8(ascii: ":"), let hours = Self.number(bytes[1...2]),
            let minutes = Self.number(bytes[4...5]), hours <= 14, minutes < 60
        else { return nil }
        switch bytes[0] {
        case UInt8(ascii: "+"): return Int(hours * 60 + minutes)
        case UInt8(ascii: "-"): return -Int(hours * 60 + minutes)
        default: return nil
        }
    }

    static func offsetText(_ minutes: Int) -> String {
        let sign = minutes < 0 ? "-" : "+"
        let size = abs(minutes)
        return "\(sign)\(Self.padded(Int64(size / 60), 2)):\(Self.padded(Int64(size % 60), 2))"
    }

    /// Days since the epoch of `yyyy-mm-dd`.
    private static func days(_ bytes: ArraySlice<UInt8>) -> Int64? {
        let parts = bytes.split(separator: UInt8(ascii: "-"), omittingEmptySubsequences: false)
        guard parts.map(\.count) == [4, 2, 2], let year = Self.number(parts[0]),
            let month = Self.number(parts[1]), let day = Self.number(parts[2]),
            (1...12).contains(month), day >= 1, day <= Self.length(ofMonth: month, year)
        else { return nil }
        // Years begin in March here, so that the leap day is the last of a year.
        let shifted = month > 2 ? year : year - 1
        let cycle = Self.floorDivide(shifted, 400)
        let yearOfCycle = shifted - cycle * 400
        let dayOfYear = (153 * ((month + 9) % 12) + 2) / 5 + day - 1
        let dayOfCycle = yearOfCycle * 365 + yearOfCycle / 4 - yearOfCycle / 100 + dayOfYear
        return cycle * Self.daysPerCycle + dayOfCycle - Self.daysBeforeEpoch
    }

    private static func length(ofMonth month: Int64, _ year: Int64) -> Int64 {
        switch month {
        case 2: year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28
        case 4, 6, 9, 11: 30
        default: 31
        }
    }

    /// Milliseconds since midnight of `hh:mm:ss`.
    private static func milliseconds(_ bytes: ArraySlice<UInt8>) -> Int64? {
        let parts = bytes.split(separator: UInt8(ascii: ":"), omittingEmptySubsequences: false)
        guard parts.map(\.count) == [2, 2, 2], let hour = Self.number(parts[0]),
            let minute = Self.number(parts[1]), let second = Self.number(parts[2]),
            hour < 24, minute < 60, second <= 60
        else { return nil }
        return ((hour * 60 + minute) * 60 + second) * 1_000
    }

    private static func number(_ digits: some Collection<UInt8>) -> Int64? {
        var value: Int64 = 0
        for digit in digits {
            guard digit >= UInt8(ascii: "0"), digit <= UInt8(ascii: "9") else { return nil }
            value = value * 10 + Int64(digit - UInt8(ascii: "0"))
        }
        return value
    }

    private static func floorDivide(_ dividend: Int64, _ divisor: Int64) -> Int64 {
        (dividend - (dividend % divisor + divisor) % divisor) / divisor
    }

    private static func padded(_ value: Int64, _ width: Int) -> String {
        let digits = String(value)
        return String(repeating: "0", count: max(0, width - digits.count)) + digits
    }
}

extension DateTime: CustomStringConvertible {
    /// As XEP-0082 writes it; the fraction only if there is one.
    package var description: String {
        let days = Self.floorDivide(self.millisecondsSinceEpoch, Self.millisecondsPerDay)
        let time = self.millisecondsSinceEpoch - days * Self.millisecondsPerDay
        let (year, month, day) = Self.date(days)
        let date = [Self.padded(year, 4), Self.padded(month, 2), Self.padded(day, 2)].joined(separator: "-")
        let clock = [time / 3_600_000, time / 60_000 % 60, time / 1_000 % 60].map { Self.padded($0, 2) }
            .joined(separator: ":")
        let fraction = time % 1_000 == 0 ? "" : "." + Self.padded(time % 1_000, 3)
        return "\(date)T\(clock)\(fraction)Z"
    }

    /// The inverse of `days`, by the same reckoning of years from March.
    private static func date(_ days: Int64) -> (year: Int64, month: Int64, day: Int64) {
        let shifted = days + Self.daysBeforeEpoch
        let cycle = Self.floorDivide(shifted, Self.daysPerCycle)
        let dayOfCycle = shifted - cycle * Self.daysPerCycle
        let yearOfCycle = (dayOfCycle - dayOfCycle / 1_460 + dayOfCycle / 36_524 - dayOfCycle / 146_096) / 365
        let dayOfYear = dayOfCycle - (365 * yearOfCycle + yearOfCycle / 4 - yearOfCycle / 100)
        let monthFromMarch = (5 * dayOfYear + 2) / 153
        let month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9
        let day = dayOfYear - (153 * monthFromMarch + 2) / 5 + 1
        return (yearOfCycle + cycle * 400 + (month <= 2 ? 1 : 0), month, day)
    }
}
