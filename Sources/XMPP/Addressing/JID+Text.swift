extension JID {
    /// The longest a part may be once prepared, in bytes of UTF-8 (RFC 7622 §3).
    package static let longestPart = 1_023

    /// The longest text that is looked at, in bytes of UTF-8: three parts and their separators (RFC 7622
    /// §3.1).
    ///
    /// A part given by itself is not looked at either if it is longer, for preparing can only shorten it so
    /// much.
    package static let longestText = 3 * longestPart + 2

    /// Reads and prepares an address that came from outside.
    ///
    /// The text is split as RFC 7622 §3.2 to §3.4 say (first `/`, then first `@`), and each part is prepared
    /// so that addresses that mean the same are equal and hash the same:
    ///
    /// - **domain**: ASCII names are lower-cased and checked (letters, digits, inner hyphens; 63 bytes a
    ///   label, 253 in all); others, and `xn--` labels, become lower-case U-labels by IDNA2008 with the
    ///   mapping of UTS #46, non-transitional. A final dot is dropped. IPv4 and bracketed IPv6 literals are
    ///   kept, lower-cased.
    /// - **local**: UsernameCaseMapped (RFC 8265 §3.3): width mapping, lower case, NFC, IdentifierClass only,
    ///   the Bidi Rule, and none of `" & ' / : < > @`.
    /// - **resource**: OpaqueString (RFC 8265 §4.2): other spaces become U+0020, NFC, FreeformClass only.
    ///
    /// The subset: code points that PRECIS allows in some contexts only are refused everywhere, except the
    /// two sets of Arabic-Indic digits (which may not be mixed); the Unicode version is the one libunistring
    /// knows, and code points unassigned there are refused; lower-casing is done code point by code point, so
    /// that a capital sigma always becomes `σ`. Decision 0003 says why.
    ///
    /// Pure ASCII, the ordinary case, calls no C library.
    package init(_ text: String) throws(JIDError) {
        guard text.utf8.count <= Self.longestText else { throw .textTooLong }
        var rest = text[...]
        var resource: Substring?
        if let slash = rest.utf8.firstIndex(of: UInt8(ascii: "/")) {
            resource = rest[rest.utf8.index(after: slash)...]
            rest = rest[..<slash]
        }
        var local: Substring?
        if let at = rest.utf8.firstIndex(of: UInt8(ascii: "@")) {
            local = rest[..<at]
            rest = rest[rest.utf8.index(after: at)...]
        }
        try self.init(local: local, domain: rest, resource: resource)
    }

    /// Prepares an address given in parts, for instance a user name typed by a person.
    package init(local: Substring?, domain: Substring, resource: Substring? = nil) throws(JIDError) {
        var preparedLocal: String?
        if let local { preparedLocal = try Localpart.prepare(local) }
        let preparedDomain = try Domainpart.prepare(domain)
        var preparedResource: String?
        if let resource { preparedResource = try Resourcepart.prepare(resource) }
        self.init(preparedLocal: preparedLocal, domain: preparedDomain, resource: preparedResource)
    }

    /// The same account or domain with another resource, prepared.
    package func withResource(_ resource: String) throws(JIDError) -> JID {
        JID(
            preparedLocal: self.local, domain: self.domain,
            resource: try Resourcepart.prepare(resource[...]))
    }

    /// The domain as DNS, certificates and SNI spell it: A-labels.
    package func asciiDomain() throws(JIDError) -> String {
        try Domainpart.asciiForm(of: self.domain)
    }
}
