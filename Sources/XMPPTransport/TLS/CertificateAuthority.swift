import COpenSSL

/// Makes certificates for sites that have no public authority: tests, private networks, first trials.
///
/// Keys are P-256, signatures SHA-256. A real federation uses certificates of an authority that its members trust.
package struct CertificateAuthority: Sendable {
    /// A certificate and its private key, both in PEM.
    package struct Pair: Hashable, Sendable {
        package let certificate: String
        package let key: String

        package init(certificate: String, key: String) {
            self.certificate = certificate
            self.key = key
        }
    }

    /// How long the authority's own certificate counts, in days.
    package static let authorityDays = 3_650
    /// How long a certificate made by it counts, in days.
    package static let certificateDays = 825

    /// The authority's certificate and key: keep the key where only its owner can read it.
    package let pair: Pair

    /// An authority made before.
    package init(_ pair: Pair) {
        self.pair = pair
    }

    /// A new authority; `serial` is 8 or more random bytes.
    package init(named name: String, serial: [UInt8]) throws(TLSError) {
        let key = try PrivateKey()
        let certificate = try CertificateBuilder(
            subject: name, key: key, serial: serial, days: Self.authorityDays)
        try certificate.add(NID_basic_constraints, "critical,CA:TRUE,pathlen:0")
        try certificate.add(NID_key_usage, "critical,keyCertSign,cRLSign")
        try certificate.add(NID_subject_key_identifier, "hash")
        try certificate.sign(with: key, issuedBy: nil)
        self.pair = Pair(certificate: try certificate.pem, key: try key.pem)
    }

    /// A certificate for the server of `domain` (in ASCII), good for both ends of a stream (RFC 6120 §13.7.1.2).
    ///
    /// - Parameter others: domains that the same server answers for, such as that of its rooms.
    package func certificate(
        for domain: String, others: [String] = [], serial: [UInt8]
    ) throws(TLSError) -> Pair {
        var names: [String] = []
        for name in [domain] + others { names.append(try Self.names(of: name)) }
        let issuerKey = try PrivateKey(pem: self.pair.key)
        let key = try PrivateKey()
        let certificate = try CertificateBuilder(
            subject: domain, key: key, serial: serial, days: Self.certificateDays)
        try certificate.add(NID_basic_constraints, "critical,CA:FALSE")
        try certificate.add(NID_key_usage, "critical,digitalSignature")
        try certificate.add(NID_ext_key_usage, "serverAuth,clientAuth")
        // id-on-xmppAddr (RFC 6120 §13.7.1.4) and SRVName (RFC 4985) beside the DNS name.
        try certificate.add(NID_subject_alt_name, names.joined(separator: ","))
        try certificate.sign(with: issuerKey, issuedBy: self.pair.certificate)
        return Pair(certificate: try certificate.pem, key: try key.pem)
    }

    /// All names of a domain in OpenSSL's notation.
    private static func names(of domain: String) throws(TLSError) -> String {
        let isPlain = domain.utf8.allSatisfy { byte in
            Character(Unicode.Scalar(byte)).isLetter || Character(Unicode.Scalar(byte)).isNumber
                || byte == UInt8(ascii: ".") || byte == UInt8(ascii: "-")
        }
        // The name goes into OpenSSL's configuration syntax, where a comma would begin another name.
        guard isPlain, !domain.isEmpty else {
            throw TLSError("cannot make a certificate for “\(domain)”: it is no domain in ASCII")
        }
        return "DNS:\(domain),otherName:1.3.6.1.5.5.7.8.5;UTF8:\(domain),"
            + "otherName:1.3.6.1.5.5.7.8.7;IA5STRING:_xmpp-server.\(domain)"
    }
}
