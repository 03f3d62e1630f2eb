/// What a row may be at most; anything beyond is dropped however well it is signed.
package struct RowLimits: Hashable, Sendable {
    /// Payload in bytes.
    package var payload = 4_096
    /// A payload above this, in bytes, is worth a line in the origin's log.
    package var payloadTarget = 1_024
    /// Schema name in bytes.
    package var schema = 64
    /// Longest time a row is relied upon after it arrived, whatever it says itself.
    package var lifetime: Duration = .seconds(60)
    /// Highest incarnation or sequence; an origin that counts a million starts a second needs twelve days to reach it.
    package var version: UInt64 = 1 << 40
    /// Sites whose rows are held.
    package var sites = 1_024

    package init() {}
}
