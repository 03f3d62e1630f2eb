/// Recognizes `[…]` around an IPv6 address (RFC 3986 §3.2.2), without changing how it is written.
enum IPv6Literal {
    /// Whether `text` is such a literal, brackets included; zones are not allowed.
    static func isValid(_ text: Substring) -> Bool {
        guard text.utf8.first == UInt8(ascii: "["), text.utf8.last == UInt8(ascii: "]") else { return false }
        let address = Array(text.utf8.dropFirst().dropLast())
        let colon = UInt8(ascii: ":")
        let gap = address.indices.dropLast().first { address[$0] == colon && address[$0 + 1] == colon }
        guard let gap else { return Self.groups(address[...], mayEndInIPv4: true) == 8 }
        guard let left = Self.groups(address[..<gap], mayEndInIPv4: false),
            let right = Self.groups(address[(gap + 2)...], mayEndInIPv4: true)
        else { return false }
        return left + right <= 7
    }

    /// How many 16-bit groups the text spells; nil if it is not a list of groups.
    private static func groups(_ text: ArraySlice<UInt8>, mayEndInIPv4: Bool) -> Int? {
        guard !text.isEmpty else { return 0 }
        let pieces = text.split(separator: UInt8(ascii: ":"), omittingEmptySubsequences: false)
        var count = 0
        for (index, piece) in pieces.enumerated() {
            if (1...4).contains(piece.count), piece.allSatisfy(Self.isHexadecimal) {
                count += 1
            } else if mayEndInIPv4, index == pieces.count - 1, Self.isIPv4(piece) {
                count += 2
            } else {
                return nil
            }
        }
        return count
    }

    private static func isHexadecimal(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "f"),
            UInt8(ascii: "A")...UInt8(ascii: "F"):
            true
        default: false
        }
    }

    private static func isIPv4(_ text: ArraySlice<UInt8>) -> Bool {
        let parts = text.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        return parts.count == 4
            && parts.allSatisfy { part in
                (1...3).contains(part.count) && UInt8(String(decoding: part, as: UTF8.self)) != nil
                    && part.first != UInt8(ascii: "+") && (part.count == 1 || part.first != UInt8(ascii: "0"))
            }
    }
}
