/// The public half of a site's signing key: 32 bytes of Ed25519 (RFC 8032).
package struct SiteKey: Hashable, Sendable {
    /// Of every key, in bytes.
    package static let length = 32

    package let bytes: [UInt8]

    /// Nil unless there are exactly 32 bytes.
    package init?(bytes: [UInt8]) {
        guard bytes.count == Self.length else { return nil }
        self.bytes = bytes
    }
}

extension SiteKey: CustomStringConvertible {
    /// The whole key in groups of four hexadecimal digits, for two people to compare.
    package var description: String {
        let digits = Array("0123456789abcdef".utf8)
        var text: [UInt8] = []
        for (index, byte) in self.bytes.enumerated() {
            if index > 0, index.isMultiple(of: 2) { text.append(UInt8(ascii: "-")) }
            text.append(digits[Int(byte >> 4)])
            text.append(digits[Int(byte & 0xF)])
        }
        return String(decoding: text, as: UTF8.self)
    }
}
