/// What is in a certificate, and what is wrong with it.
package struct CertificateFacts: Hashable, Sendable {
    /// Why no trusted authority vouches for it.
    package enum Problem: Hashable, Sendable {
        case expired
        case notYetValid
        case selfSigned
        /// Nothing that is trusted leads to its issuer: the authority is unknown, or certificates between are missing.
        case unknownIssuer
        /// In the words of OpenSSL.
        case other(String)
    }

    package var names: CertificateNames
    /// The issuer's name, for people.
    package var issuer: String
    package var notBefore: DateTime
    package var notAfter: DateTime
    /// Certificates shown, this one included.
    package var chainLength: Int
    /// Nil if it is trusted.
    package var problem: Problem?

    package init(
        names: CertificateNames, issuer: String, notBefore: DateTime, notAfter: DateTime, chainLength: Int,
        problem: Problem?
    ) {
        self.names = names
        self.issuer = issuer
        self.notBefore = notBefore
        self.notAfter = notAfter
        self.chainLength = chainLength
        self.problem = problem
    }

    /// Whether one of its names stands for `domain`, prepared as in a `JID`.
    package func names(_ domain: String) -> Bool {
        do {
            return self.names.prove(try Domainpart.asciiForm(of: domain), as: .server)
        } catch {
            // What has no ASCII form is in no certificate.
            return false
        }
    }
}
