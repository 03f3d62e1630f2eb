/// Signs our rows and judges those of others; the agent uses Ed25519, the simulator something cheaper.
package protocol RowProofs: Sendable {
    func sign(_ bytes: [UInt8]) -> [UInt8]

    /// Whether `row.signature` is `key`'s signature of `row.signedBytes`.
    func isSigned(_ row: Row, by key: SiteKey) -> Bool

    /// What is wrong with the content of a row that is well signed; nil if nothing, or if the schema is not known.
    ///
    /// A total function: whatever the bytes are, it returns.
    func problem(in row: Row) -> String?
}
