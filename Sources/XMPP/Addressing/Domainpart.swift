import CIDN

/// Prepares the domain (RFC 7622 §3.2): an internationalized name in lower-case U-labels, or an address
/// literal.
package enum Domainpart {
    /// The longest label and the longest name in bytes of their A-label form (RFC 1035 §2.3.4).
    package static let longestLabel = 63
    package static let longestName = 253

    /// The prepared form of `text`, or why there is none.
    package static func prepare(_ text: Substring) throws(JIDError) -> String {
        var text = text
        if text.utf8.last == UInt8(ascii: ".") { text = text.dropLast() }
        guard !text.isEmpty else { throw .empty(.domain) }
        guard text.utf8.count <= JID.longestText else { throw .tooLong(.domain) }
        if text.utf8.first == UInt8(ascii: "[") {
            guard IPv6Literal.isValid(text) else { throw .forbidden(.domain) }
            return text.lowercased()
        }
        if Self.isPrepared(text) { return String(text) }
        if text.utf8.allSatisfy({ $0 < 0x80 }) {
            let name = text.lowercased()
            try Self.checkASCII(name)
            return Self.hasALabel(name) ? try Self.unicodeForm(of: name) : name
        }
        let ascii = try Self.convert(String(text), to: .ascii)
        try Self.checkASCII(ascii)
        return try Self.unicodeForm(of: ascii)
    }

    /// Whether the text is as it should be already: labels of lower-case letters, digits and inner hyphens, not too long.
    ///
    /// Nearly every domain in a stanza is. Names of another kind may be right as well and are looked at more closely:
    /// those with two hyphens where A-labels have them.
    private static func isPrepared(_ text: Substring) -> Bool {
        guard text.utf8.count <= Self.longestName else { return false }
        var length = 0
        var endsInHyphen = true
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"):
                endsInHyphen = false
                length += 1
            case UInt8(ascii: "-"):
                guard length > 0, !(endsInHyphen && length == 3) else { return false }
                endsInHyphen = true
                length += 1
            case UInt8(ascii: "."):
                guard !endsInHyphen, length <= Self.longestLabel else { return false }
                endsInHyphen = true
                length = 0
            default: return false
            }
        }
        return !endsInHyphen && length <= Self.longestLabel
    }

    /// The form in A-labels of a prepared domain, for DNS and certificates.
    package static func asciiForm(of domain: String) throws(JIDError) -> String {
        if domain.utf8.allSatisfy({ $0 < 0x80 }) { return domain }
        return try Self.convert(domain, to: .ascii)
    }

    private static func hasALabel(_ name: String) -> Bool {
        name.split(separator: ".").contains { $0.hasPrefix("xn--") }
    }

    /// U-labels of a name in A-labels, which must be the very A-labels those U-labels have.
    private static func unicodeForm(of ascii: String) throws(JIDError) -> String {
        let unicode = try Self.convert(ascii, to: .unicode)
        guard try Self.convert(unicode, to: .ascii) == ascii else {
            throw .forbidden(.domain)
        }
        guard unicode.utf8.count <= JID.longestPart else { throw .tooLong(.domain) }
        return unicode
    }

    private static func checkASCII(_ name: String) throws(JIDError) {
        guard name.utf8.count <= Self.longestName else { throw .tooLong(.domain) }
        for label in name.utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false) {
            guard let first = label.first, let last = label.last else { throw .empty(.domain) }
            guard label.count <= Self.longestLabel else { throw .tooLong(.domain) }
            let hyphen = UInt8(ascii: "-")
            guard first != hyphen, last != hyphen, label.allSatisfy(Self.isLetterDigitHyphen) else {
                throw .forbidden(.domain)
            }
        }
    }

    private static func isLetterDigitHyphen(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"):
            true
        default: false
        }
    }

    private enum Form {
        case ascii
        case unicode
    }

    /// Runs one of libidn2's conversions, which hand back a string that is theirs to free.
    private static func convert(_ domain: String, to form: Form) throws(JIDError) -> String {
        // A C string ends at the first NUL: what comes after it would not be checked.
        guard !domain.utf8.contains(0) else { throw .forbidden(.domain) }
        var result: UnsafeMutablePointer<CChar>?
        let code = unsafe domain.withCString { name in
            switch form {
            case .ascii: unsafe cidn_domain_to_ascii(name, &result)
            case .unicode: unsafe cidn_domain_to_unicode(name, &result)
            }
        }
        defer { unsafe idn2_free(result) }
        switch code {
        case IDN2_OK.rawValue:
            guard let result = unsafe result else { throw .forbidden(.domain) }
            return unsafe String(cString: result)
        case IDN2_TOO_BIG_DOMAIN.rawValue, IDN2_TOO_BIG_LABEL.rawValue: throw .tooLong(.domain)
        default: throw .forbidden(.domain)
        }
    }
}
