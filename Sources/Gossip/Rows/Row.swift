package import CloudModel

/// One signed, versioned piece of state about one site, written only by that site.
///
/// The signature covers `signedBytes`, which holds the payload as the origin wrote it. A relay stores and forwards the
/// very same bytes and never encodes them anew, so neither a relay's bad memory nor its malice goes unseen.
package struct Row: Hashable, Sendable {
    package let origin: SiteID
    package let version: RowVersion
    /// How long after its receipt a reader may rely on the row; counted on the reader's clock.
    ///
    /// No instant travels, so a clock that is an hour wrong at either end changes nothing.
    package let lifetime: Duration
    /// What the payload is, with its version, as in `site-description:1`.
    ///
    /// A reader keeps and relays schemas that it does not know.
    package let schema: String
    package let payload: [UInt8]
    /// The key that the sender says it signed with; only the pinned key of `origin` proves anything.
    package let key: SiteKey
    package let signature: [UInt8]

    package init(
        origin: SiteID, version: RowVersion, lifetime: Duration, schema: String, payload: [UInt8],
        key: SiteKey,
        signature: [UInt8]
    ) {
        self.origin = origin
        self.version = version
        self.lifetime = lifetime
        self.schema = schema
        self.payload = payload
        self.key = key
        self.signature = signature
    }

    /// What `signature` signs.
    package var signedBytes: [UInt8] {
        Self.signedBytes(
            origin: self.origin, version: self.version, lifetime: self.lifetime, schema: self.schema,
            payload: self.payload)
    }

    /// The bytes to sign: a label, then each field behind its length, integers as eight bytes, most significant first.
    ///
    /// Lengths before contents make the encoding unambiguous; the label keeps a signature from meaning anything
    /// elsewhere.
    package static func signedBytes(
        origin: SiteID, version: RowVersion, lifetime: Duration, schema: String, payload: [UInt8]
    ) -> [UInt8] {
        var bytes = Array("tradewind row 1\n".utf8)
        func append(_ integer: UInt64) {
            for shift in stride(from: 56 as UInt64, through: 0, by: -8) {
                bytes.append(UInt8(truncatingIfNeeded: integer >> shift))
            }
        }
        func append(_ field: some Collection<UInt8>) {
            append(UInt64(field.count))
            bytes.append(contentsOf: field)
        }
        append(origin.address.utf8)
        append(version.incarnation)
        append(version.sequence)
        append(UInt64(bitPattern: lifetime.wholeMilliseconds))
        append(schema.utf8)
        append(payload)
        return bytes
    }
}
