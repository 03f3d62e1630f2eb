package import XMPP

/// From where on something that was seen is worth a word: the one place of all thresholds of findings.
///
/// Pure: facts in, findings out. The facts come from whoever can look.
package struct DiagnosisRules: Hashable, Sendable {
    /// A certificate that counts for less than this many days is due for renewal.
    package var renewalDays: Int64 = 14
    /// A difference of clocks from which on stamps of time confuse people.
    package var clockWarning = Duration.seconds(5)
    /// A difference of clocks from which on certificates and rows with an expiry are misjudged.
    package var clockFault = Duration.seconds(60)
    /// A round trip that makes commands feel slow.
    package var slowRoundTrip = Duration.seconds(1)
    /// What a server should take at least in one stanza, in bytes: rows and lists of machines need that much.
    package var smallStanza = 65_536
    /// What every server must take in one stanza, in bytes (RFC 6120 §13.12).
    package var leastStanza = 10_000
    /// Space on the disk from which on it should be looked after, in bytes.
    package var spaceWarning: Int64 = 1_073_741_824
    /// Space on the disk from which on writes are about to fail, in bytes.
    package var spaceFault: Int64 = 67_108_864
    /// Whether this site's server runs, so that it can answer for its dialback keys.
    package var answersDialback = true
    /// How peers must prove who they are, for sentences about it.
    package var policy: RemotePolicy.Authentication

    package init(policy: RemotePolicy.Authentication = .certificateOrDialback) {
        self.policy = policy
    }
}

extension Duration {
    /// `0.4 ms`, `37 ms`, `1.2 s`: as exact as it matters.
    var findingText: String {
        let microseconds =
            self.components.seconds * 1_000_000 + self.components.attoseconds / 1_000_000_000_000
        let size = microseconds.magnitude
        let sign = microseconds < 0 ? "-" : ""
        func tenths(_ unit: UInt64) -> String { "\(sign)\(size / unit).\(size % unit * 10 / unit)" }
        if size < 10_000 { return "\(tenths(1_000)) ms" }
        if size < 1_000_000 { return "\(sign)\(size / 1_000) ms" }
        return size < 60_000_000 ? "\(tenths(1_000_000)) s" : "\(sign)\(size / 1_000_000) s"
    }
}
