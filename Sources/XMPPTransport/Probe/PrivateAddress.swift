import NIOCore

/// Tells addresses inside private networks from those of the internet.
///
/// A name that somebody else owns may have any address: a probe must not be led to what only this machine can reach.
enum PrivateAddress {
    /// Whether the bytes of an IPv4 or IPv6 address lie inside a private network, on this machine or on its link.
    ///
    /// RFC 6890, and what carries an IPv4 address in IPv6 (RFC 4291 §2.5.5.2, RFC 6052).
    static func contains(_ bytes: [UInt8]) -> Bool {
        switch bytes.count {
        case 4: Self.isPrivate4(bytes)
        case 16: Self.isPrivate6(bytes)
        default: true
        }
    }

    private static func isPrivate4(_ bytes: [UInt8]) -> Bool {
        switch (bytes[0], bytes[1]) {
        case (0, _), (10, _), (127, _), (169, 254), (192, 168), (198, 18...19): true
        case (100, 64...127), (172, 16...31): true
        case (192, 0): bytes[2] == 0
        case (224..., _): true
        case (_, _): false
        }
    }

    private static func isPrivate6(_ bytes: [UInt8]) -> Bool {
        let mapped: [UInt8] = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF]
        let translated: [UInt8] = [0, 0x64, 0xFF, 0x9B, 0, 0, 0, 0, 0, 0, 0, 0]
        let head = Array(bytes.prefix(12))
        if head == mapped || head == translated { return Self.isPrivate4(Array(bytes.suffix(4))) }
        // Of what is assigned, only 2000::/3 is on the internet; the rest is local, multicast or special.
        return bytes[0] & 0xE0 != 0x20
    }
}
