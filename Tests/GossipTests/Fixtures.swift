import CloudModel
import Gossip

/// A keyed hash in place of Ed25519: whoever knows the key signs, and any changed bit shows.
struct HashProofs: RowProofs {
    let key: SiteKey

    func sign(_ bytes: [UInt8]) -> [UInt8] { Self.hash(self.key.bytes + bytes) }

    func isSigned(_ row: Row, by key: SiteKey) -> Bool {
        Self.hash(key.bytes + row.signedBytes) == row.signature
    }

    func problem(in row: Row) -> String? { row.payload == Array("absurd".utf8) ? "too good to be true" : nil }

    /// FNV-1a.
    private static func hash(_ bytes: [UInt8]) -> [UInt8] {
        let sum = bytes.reduce(0xCBF2_9CE4_8422_2325 as UInt64) { ($0 ^ UInt64($1)) &* 0x100_0000_01B3 }
        return (0..<8).map { UInt8(truncatingIfNeeded: sum >> ($0 * 8)) }
    }
}

extension SiteKey {
    /// A key for tests, told from others by its number.
    init(number: UInt8) {
        guard let key = SiteKey(bytes: Array(repeating: number, count: SiteKey.length)) else {
            preconditionFailure("a key has \(SiteKey.length) bytes")
        }
        self = key
    }
}

extension Row {
    /// A row of `origin`, well signed unless something is given that is not.
    static func make(
        _ origin: SiteID = "paris.test", _ incarnation: UInt64 = 1, _ sequence: UInt64 = 1,
        _ payload: String = "free", key: SiteKey = SiteKey(number: 1), schema: String = "test:1",
        lifetime: Duration = .seconds(30)
    ) -> Row {
        let version = RowVersion(incarnation: incarnation, sequence: sequence)
        let bytes = Array(payload.utf8)
        let signed = Row.signedBytes(
            origin: origin, version: version, lifetime: lifetime, schema: schema, payload: bytes)
        return Row(
            origin: origin, version: version, lifetime: lifetime, schema: schema, payload: bytes, key: key,
            signature: HashProofs(key: key).sign(signed))
    }

    /// The same row with one field spoilt and the signature kept.
    func spoilt(using generator: inout some RandomNumberGenerator) -> Row {
        var payload = self.payload
        var signature = self.signature
        var version = self.version
        var lifetime = self.lifetime
        switch Int.random(in: 0..<4, using: &generator) {
        case 0: payload = payload.isEmpty ? [1] : payload.dropLast() + [(payload.last ?? 0) ^ 1]
        case 1: signature[0] ^= 4
        case 2:
            version = RowVersion(incarnation: version.incarnation + 1, sequence: version.sequence)
        default: lifetime += .milliseconds(1)
        }
        return Row(
            origin: self.origin, version: version, lifetime: lifetime, schema: self.schema, payload: payload,
            key: self.key, signature: signature)
    }
}

extension SiteID: ExpressibleByStringLiteral {
    package init(stringLiteral value: String) {
        self.init(value)
    }
}

extension Instant {
    static func seconds(_ seconds: Double) -> Instant {
        Instant(millisecondsSinceEpoch: 1_000_000_000_000 + Int64(seconds * 1_000))
    }
}
