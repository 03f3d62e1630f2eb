/// Where the certificate of a served domain is kept.
package struct CertificateFiles: Hashable, Sendable {
    /// PEM, the domain's own certificate first, then its intermediates.
    package var chain: String
    /// PEM, without a passphrase.
    ///
    /// May be the same file as `chain`.
    package var key: String

    package init(chain: String, key: String) {
        self.chain = chain
        self.key = key
    }
}

/// Which authorities may vouch for a peer.
package enum TrustAnchors: Hashable, Sendable {
    /// The distribution's store.
    case system
    /// The certificates of one PEM file, and no others.
    case file(String)
}
