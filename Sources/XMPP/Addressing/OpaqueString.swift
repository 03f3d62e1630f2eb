/// The PRECIS profile for text whose case and width matter: resources and passwords (RFC 8265 §4.2).
package enum OpaqueString {
    /// Other spaces become U+0020, then NFC; nil when the result is empty or holds what FreeformClass
    /// forbids.
    package static func prepare(_ text: Substring) -> String? {
        let once = Self.mapped(text.unicodeScalars.map(\.value))
        guard let once, Self.mapped(once) == once else { return nil }
        return UnicodeText.string(once)
    }

    private static func mapped(_ text: [UInt32]) -> [UInt32]? {
        let spaced = text.map { UnicodeText.isSpace($0) ? 0x20 : $0 }
        guard let normal = UnicodeText.normalized(spaced), !normal.isEmpty else { return nil }
        guard PrecisClass.freeform.allows(text), PrecisClass.freeform.allows(normal) else { return nil }
        return normal
    }
}
