/// Text from elsewhere, made such that it can be printed as XML.
package enum PrintableText {
    /// What stands for a character that cannot be printed: U+FFFD.
    package static let replacement: Unicode.Scalar = "\u{FFFD}"

    /// Whether XML 1.0 §2.2 allows `scalar`.
    package static func allows(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0x09, 0x0A, 0x0D: true
        case 0..<0x20, 0xFFFE, 0xFFFF: false
        case _: true
        }
    }

    /// `text` with `replacement` for each character that XML forbids.
    package static func replacingForbidden(in text: String) -> String {
        guard XMLEscaping.forbiddenCharacter(in: text) != nil else { return text }
        var printable = String.UnicodeScalarView()
        printable.append(contentsOf: text.unicodeScalars.map { Self.allows($0) ? $0 : Self.replacement })
        return String(printable)
    }
}
