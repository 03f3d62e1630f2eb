import Cryptography

/// What DNS says about the certificate of a service (RFC 6698 §2.1).
package struct TLSARecord: Hashable, Sendable {
    /// What the record is about; the usages that rely on public authorities too are not made use of (RFC 7671 §4).
    package enum Usage: UInt8, Hashable, Sendable {
        /// An authority that signs the certificate: DANE-TA.
        case authority = 2
        /// The certificate itself: DANE-EE.
        case certificate = 3
    }

    /// Which part is compared.
    package enum Selector: UInt8, Hashable, Sendable {
        case wholeCertificate = 0
        /// SubjectPublicKeyInfo.
        case key = 1
    }

    /// How it is compared.
    package enum Matching: UInt8, Hashable, Sendable {
        case exact = 0
        case sha256 = 1
        case sha512 = 2
    }

    package var usage: Usage
    package var selector: Selector
    package var matching: Matching
    package var data: [UInt8]

    package init(usage: Usage, selector: Selector, matching: Matching, data: [UInt8]) {
        self.usage = usage
        self.selector = selector
        self.matching = matching
        self.data = data
    }

    /// Reads the data of a record in wire form; nil if it is of no use here, as a number that nobody has defined yet.
    package init?(wire: [UInt8]) {
        guard wire.count > 3, let usage = Usage(rawValue: wire[0]),
            let selector = Selector(rawValue: wire[1]),
            let matching = Matching(rawValue: wire[2])
        else { return nil }
        let data = Array(wire[3...])
        let length: Int? =
            switch matching {
            case .exact: nil
            case .sha256: HashFunction.sha256.digestLength
            case .sha512: HashFunction.sha512.digestLength
            }
        if let length, data.count != length { return nil }
        self.init(usage: usage, selector: selector, matching: matching, data: data)
    }

    /// Whether the record is about a certificate (RFC 6698 §2.1.2–4), given whole and as its SubjectPublicKeyInfo, in DER.
    package func matches(certificate: [UInt8], key: [UInt8]) -> Bool {
        let selected =
            switch self.selector {
            case .wholeCertificate: certificate
            case .key: key
            }
        return switch self.matching {
        case .exact: selected == self.data
        case .sha256: HashFunction.sha256.digest(of: selected) == self.data
        case .sha512: HashFunction.sha512.digest(of: selected) == self.data
        }
    }
}
