/// What the certificate of a place must be, as DNS says and DNSSEC proves (RFC 7673).
package struct TLSAExpectation: Hashable, Sendable {
    /// One of these must match; never empty.
    package let records: [TLSARecord]
    /// Names that a certificate of an authority in `records` may be for: the place's own, and the domain's
    /// (RFC 7673 §4.2).
    package let names: [String]

    /// Nil if no record can be made use of: then the certificate counts as it would without any.
    package init?(_ records: [TLSARecord], names: [String]) {
        guard !records.isEmpty else { return nil }
        self.records = records
        self.names = names
    }
}
