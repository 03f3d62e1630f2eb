import NIOCore

/// What counts as one address: an IPv4 address, or the first 64 bits of an IPv6 address, which one subscriber has.
struct NetworkAddress: Hashable, Sendable, CustomStringConvertible {
    /// 16 bytes, IPv4 addresses mapped (RFC 4291 §2.5.5.2), or the first 8; none for what is no IP address.
    private let bytes: [UInt8]

    private static let mappedPrefix = [UInt8](repeating: 0, count: 10) + [0xFF, 0xFF]
    private static let subscriberBytes = 8
    private static let groups = 8

    init(_ address: SocketAddress?) {
        self.init(text: address?.ipAddress ?? "")
    }

    /// Reads an address as the system prints it (RFC 5952); anything else counts as one.
    init(text: String) {
        // A zone says only which interface a link-local address is of.
        let address = text.prefix { $0 != "%" }
        if let bytes = Self.version4(address) {
            self.bytes = Self.mappedPrefix + bytes
        } else if let bytes = Self.version6(address) {
            self.bytes =
                bytes.starts(with: Self.mappedPrefix) ? bytes : Array(bytes.prefix(Self.subscriberBytes))
        } else {
            self.bytes = []
        }
    }

    private static func version4(_ text: Substring) -> [UInt8]? {
        let bytes = text.split(separator: ".", omittingEmptySubsequences: false).map { UInt8($0) }
        return bytes.count == 4 && !bytes.contains(nil) ? bytes.compactMap(\.self) : nil
    }

    private static func version6(_ text: Substring) -> [UInt8]? {
        guard let gap = text.firstRange(of: "::") else {
            return Self.sequence(text).flatMap { $0.count == 2 * Self.groups ? $0 : nil }
        }
        guard let head = Self.sequence(text[..<gap.lowerBound]),
            let tail = Self.sequence(text[gap.upperBound...]), head.count + tail.count < 2 * Self.groups
        else { return nil }
        return head + [UInt8](repeating: 0, count: 2 * Self.groups - head.count - tail.count) + tail
    }

    /// The bytes of groups between colons, the last of which may be an IPv4 address.
    private static func sequence(_ text: Substring) -> [UInt8]? {
        if text.isEmpty { return [] }
        var bytes: [UInt8] = []
        for part in text.split(separator: ":", omittingEmptySubsequences: false) {
            if let number = UInt16(part, radix: 16) {
                bytes += [UInt8(number >> 8), UInt8(number & 0xFF)]
            } else if let last = Self.version4(part) {
                bytes += last
            } else {
                return nil
            }
        }
        return bytes
    }

    var description: String {
        switch self.bytes.count {
        case 0: return "local"
        case Self.subscriberBytes:
            let groups = stride(from: 0, to: Self.subscriberBytes, by: 2).map { index in
                String(UInt16(self.bytes[index]) << 8 | UInt16(self.bytes[index + 1]), radix: 16)
            }
            return groups.joined(separator: ":") + "::/64"
        default: return self.bytes.suffix(4).map(String.init).joined(separator: ".")
        }
    }
}
