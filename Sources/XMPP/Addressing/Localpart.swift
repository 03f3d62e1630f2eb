/// Prepares the part before the `@` (RFC 7622 §3.3: UsernameCaseMapped, with a few more characters
/// forbidden).
package enum Localpart {
    /// The prepared form of `text`, or why there is none.
    package static func prepare(_ text: Substring) throws(JIDError) -> String {
        guard !text.isEmpty else { throw .empty(.local) }
        guard text.utf8.count <= JID.longestText else { throw .tooLong(.local) }
        guard let ascii = Self.asciiKind(of: text) else {
            return try Self.prepareUnicode(text)
        }
        guard text.utf8.count <= JID.longestPart else { throw .tooLong(.local) }
        switch ascii {
        case .prepared: return String(text)
        case .hasCapitals: return text.lowercased()
        case .forbidden: throw .forbidden(.local)
        }
    }

    private enum ASCIIKind {
        case prepared
        case hasCapitals
        case forbidden
    }

    /// What has to be done to an ASCII text; nil when it is not ASCII.
    private static func asciiKind(of text: Substring) -> ASCIIKind? {
        var kind = ASCIIKind.prepared
        for byte in text.utf8 {
            if byte >= 0x80 { return nil }
            if !Self.allows(byte) { kind = .forbidden }
            if case .prepared = kind, byte >= UInt8(ascii: "A"), byte <= UInt8(ascii: "Z") {
                kind = .hasCapitals
            }
        }
        return kind
    }

    /// Whether a local part may hold the ASCII character: visible and none of RFC 7622 §3.3.1.
    private static func allows(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "&"), UInt8(ascii: "'"), UInt8(ascii: "/"), UInt8(ascii: ":"),
            UInt8(ascii: "<"), UInt8(ascii: ">"), UInt8(ascii: "@"):
            false
        default: byte > 0x20 && byte < 0x7F
        }
    }

    private static func prepareUnicode(_ text: Substring) throws(JIDError) -> String {
        let once = try Self.mapped(text.unicodeScalars.map(\.value))
        // The rules can each undo the work of another; what is not stable has no one form and is refused.
        guard try Self.mapped(once) == once else { throw .forbidden(.local) }
        guard let prepared = UnicodeText.string(once) else { throw .forbidden(.local) }
        guard prepared.utf8.count <= JID.longestPart else { throw .tooLong(.local) }
        return prepared
    }

    private static func mapped(_ text: [UInt32]) throws(JIDError) -> [UInt32] {
        let narrow = text.map(UnicodeText.widthMapped)
        let folded = narrow.flatMap(UnicodeText.lowercased)
        guard let normal = UnicodeText.normalized(folded) else { throw .forbidden(.local) }
        let allowed = [narrow, normal].allSatisfy { scalars in
            PrecisClass.identifier.allows(scalars)
                && scalars.allSatisfy { $0 >= 0x80 || Self.allows(UInt8($0)) }
        }
        guard !normal.isEmpty, allowed, BidiRule.allows(normal) else { throw .forbidden(.local) }
        return normal
    }
}
