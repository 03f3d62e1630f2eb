/// A globally unique identifier (RFC 9562 UUID) of a `Subject`; ids of different nouns cannot be mixed up.
package struct Identifier<Subject>: Hashable, Comparable, Sendable {
    // Two words, not one: Swift 6.3 on x86-64 corrupts the stack when a 128-bit integer is among those arguments of an
    // async function that do not fit in registers.
    private let high: UInt64
    private let low: UInt64

    init(value: UInt128) {
        self.high = UInt64(truncatingIfNeeded: value >> 64)
        self.low = UInt64(truncatingIfNeeded: value)
    }

    var value: UInt128 { UInt128(self.high) << 64 | UInt128(self.low) }

    /// Reads `xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx`, in either case; nil for anything else.
    package init?(_ text: some StringProtocol) {
        let bytes = Array(text.utf8)
        guard bytes.count == 36 else { return nil }
        var value: UInt128 = 0
        for (index, byte) in bytes.enumerated() {
            if Self.hyphens.contains(index) {
                guard byte == UInt8(ascii: "-") else { return nil }
                continue
            }
            guard let digit = Self.hexadecimalDigit(byte) else { return nil }
            value = value << 4 | UInt128(digit)
        }
        self.init(value: value)
    }

    /// A version 4 identifier drawn from `generator`.
    ///
    /// Shells pass the system's generator, the simulator its own.
    package init(randomUsing generator: inout some RandomNumberGenerator) {
        var value = UInt128(generator.next()) << 64 | UInt128(generator.next())
        value &= ~(UInt128(0xF) << 76) & ~(UInt128(0x3) << 62)
        value |= UInt128(4) << 76 | UInt128(2) << 62
        self.init(value: value)
    }

    package static func < (lhs: Self, rhs: Self) -> Bool {
        (lhs.high, lhs.low) < (rhs.high, rhs.low)
    }

    private static var hyphens: [Int] { [8, 13, 18, 23] }

    private static func hexadecimalDigit(_ byte: UInt8) -> UInt8? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
        default: nil
        }
    }
}

extension Identifier: CustomStringConvertible {
    /// The canonical lower-case form.
    package var description: String {
        let digits = Array("0123456789abcdef".utf8)
        var text: [UInt8] = []
        text.reserveCapacity(36)
        let value = self.value
        for nibble in 0..<32 {
            if nibble == 8 || nibble == 12 || nibble == 16 || nibble == 20 { text.append(UInt8(ascii: "-")) }
            text.append(digits[Int(truncatingIfNeeded: value >> UInt128(124 - nibble * 4)) & 0xF])
        }
        return String(decoding: text, as: UTF8.self)
    }
}

extension Identifier: Codable {
    package init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        guard let identifier = Self(try container.decode(String.self)) else {
            throw DecodingError.dataCorruptedError(in: container, debugDescription: "not a UUID")
        }
        self = identifier
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(self.description)
    }
}

package typealias MachineID = Identifier<Machine>
package typealias WorkloadID = Identifier<Workload>
package typealias ReservationID = Identifier<Reservation>
