/// What a finished TLS handshake established, as far as negotiation needs to know.
package struct TLSFacts: Hashable, Sendable {
    /// The certificate a peer showed, and whether a trusted authority vouches for it.
    package struct Peer: Hashable, Sendable {
        package enum Verification: Hashable, Sendable {
            case trusted
            /// The chain does not lead to a trusted authority, is expired, or is meant for something else.
            case untrusted(reason: String)
        }

        /// Whether the certificate is what DNS says, where DNSSEC proves what DNS says (RFC 7673).
        package enum Announced: Hashable, Sendable {
            case matched
            case mismatched
        }

        package var names: CertificateNames
        package var verification: Verification
        /// Nil if DNS says nothing that can be relied upon; only of peers that were connected to.
        package var announced: Announced?
        /// The SHA-256 of the certificate's SubjectPublicKeyInfo, by which a key can be pinned (RFC 7469 §2.4).
        package var keyDigest: [UInt8]

        package init(names: CertificateNames, verification: Verification, keyDigest: [UInt8] = []) {
            self.names = names
            self.verification = verification
            self.keyDigest = keyDigest
        }
    }

    /// As OpenSSL names it: `TLSv1.3`.
    package var version: String
    package var cipher: String
    /// Chosen by ALPN; direct TLS only (XEP-0368).
    package var applicationProtocol: String?
    /// RFC 9266, 32 bytes; absent on TLS 1.2 without extended master secret.
    package var exporterBinding: [UInt8]?
    /// RFC 5929 §4: the hash of the *server's* certificate; absent if its signature algorithm defines none.
    package var endPointBinding: [UInt8]?
    /// RFC 5929 §3: the first Finished message; absent on TLS 1.2 without extended master secret.
    package var uniqueBinding: [UInt8]?
    package var peer: Peer?

    package init(
        version: String, cipher: String, applicationProtocol: String? = nil, exporterBinding: [UInt8]? = nil,
        endPointBinding: [UInt8]? = nil, uniqueBinding: [UInt8]? = nil, peer: Peer? = nil
    ) {
        self.version = version
        self.cipher = cipher
        self.applicationProtocol = applicationProtocol
        self.exporterBinding = exporterBinding
        self.endPointBinding = endPointBinding
        self.uniqueBinding = uniqueBinding
        self.peer = peer
    }

    /// Whether the peer proved `domain`, prepared as in a `JID`, by a trusted certificate, or by the one that DNS announces
    /// for the domain that was connected to.
    package func proves(_ domain: String, as service: CertificateNames.Service) -> Bool {
        guard let peer = self.peer else { return false }
        switch peer.announced {
        case .matched: return true
        case .mismatched: return false
        case nil: guard peer.verification == .trusted else { return false }
        }
        do {
            return peer.names.prove(try Domainpart.asciiForm(of: domain), as: service)
        } catch {
            // What has no ASCII form is in no certificate.
            return false
        }
    }
    /// Why the peer's certificate does not count, for the error it is sent.
    var peerProblem: String {
        switch self.peer?.verification {
        case nil: "none was shown"
        case .some where self.peer?.announced == .mismatched:
            "the one shown is not what DNS announces (RFC 7673)"
        case .trusted: "the one shown is for other names"
        case .untrusted(let reason): reason
        }
    }
}
