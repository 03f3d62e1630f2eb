/// Base64 with the standard alphabet and padding (RFC 4648 §4), as SASL, dialback and signed rows carry bytes.
package enum Base64 {
    private static let alphabet = Array(
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
    private static let pad = UInt8(ascii: "=")

    /// The text of `bytes`, padded, without line breaks.
    package static func encode(_ bytes: some Collection<UInt8>) -> String {
        var text: [UInt8] = []
        text.reserveCapacity((bytes.count + 2) / 3 * 4)
        var group: UInt32 = 0
        var filled = 0
        for byte in bytes {
            group = group << 8 | UInt32(byte)
            filled += 1
            if filled == 3 {
                for shift in [18, 12, 6, 0] as [UInt32] {
                    text.append(self.alphabet[Int(group >> shift & 63)])
                }
                group = 0
                filled = 0
            }
        }
        switch filled {
        case 1:
            group <<= 16
            text.append(self.alphabet[Int(group >> 18 & 63)])
            text.append(self.alphabet[Int(group >> 12 & 63)])
            text.append(contentsOf: [self.pad, self.pad])
        case 2:
            group <<= 8
            for shift in [18, 12, 6] as [UInt32] { text.append(self.alphabet[Int(group >> shift & 63)]) }
            text.append(self.pad)
        default:
            break
        }
        return String(decoding: text, as: UTF8.self)
    }

    /// The bytes of `text`; nil unless it is exactly what `encode` would write.
    ///
    /// Strict on purpose: wrong padding, foreign characters, line breaks and stray bits in the last group are refused,
    /// so that bytes have one text only.
    package static func decode(_ text: some StringProtocol) -> [UInt8]? {
        let digits = Array(text.utf8)
        guard digits.count.isMultiple(of: 4) else { return nil }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(digits.count / 4 * 3)
        var start = 0
        while start < digits.count {
            let group = digits[start..<start + 4]
            let padding = start + 4 == digits.count ? group.reversed().prefix { $0 == self.pad }.count : 0
            guard padding <= 2 else { return nil }
            var value: UInt32 = 0
            for digit in group.dropLast(padding) {
                guard let sextet = self.sextet(digit) else { return nil }
                value = value << 6 | sextet
            }
            value <<= UInt32(6 * padding)
            guard value & ((1 << UInt32(8 * padding)) - 1) == 0 else { return nil }
            let whole = [value >> 16, value >> 8, value].map { UInt8(truncatingIfNeeded: $0) }
            bytes.append(contentsOf: whole.dropLast(padding))
            start += 4
        }
        return bytes
    }

    private static func sextet(_ digit: UInt8) -> UInt32? {
        switch digit {
        case UInt8(ascii: "A")...UInt8(ascii: "Z"): UInt32(digit - UInt8(ascii: "A"))
        case UInt8(ascii: "a")...UInt8(ascii: "z"): UInt32(digit - UInt8(ascii: "a")) + 26
        case UInt8(ascii: "0")...UInt8(ascii: "9"): UInt32(digit - UInt8(ascii: "0")) + 52
        case UInt8(ascii: "+"): 62
        case UInt8(ascii: "/"): 63
        default: nil
        }
    }
}
