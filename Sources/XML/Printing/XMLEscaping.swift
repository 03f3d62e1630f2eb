/// How characters are written inside text and attribute values.
enum XMLEscaping {
    /// The characters below 64 that are escaped somewhere or forbidden, as bits: controls, `"`, `&`, `'`, `<` and `>`.
    private static let careful: UInt64 =
        0xFFFF_FFFF | (1 << 0x22) | (1 << 0x26) | (1 << 0x27) | (1 << 0x3C) | (1 << 0x3E)

    /// Whether `text` holds a byte that `append` may escape or `forbiddenCharacter` may find; one quick look at most text.
    static func mayNeedCare(_ text: String) -> Bool {
        let bytes = text.utf8Span.span
        for index in bytes.indices {
            let byte = bytes[index]
            if byte < 64 ? (Self.careful >> UInt64(byte)) & 1 != 0 : byte == 0xEF { return true }
        }
        return false
    }

    /// Appends `text` with everything escaped that could end it or would be normalised away.
    static func append(_ text: String, to bytes: inout [UInt8], isAttribute: Bool) {
        if text.utf8.allSatisfy({ self.reference(for: $0, isAttribute: isAttribute) == nil }) {
            bytes.append(contentsOf: text.utf8)
            return
        }
        for byte in text.utf8 {
            if let reference = self.reference(for: byte, isAttribute: isAttribute) {
                bytes.append(contentsOf: reference.utf8)
            } else {
                bytes.append(byte)
            }
        }
    }

    /// The first character of `text` that XML 1.0 §2.2 forbids.
    static func forbiddenCharacter(in text: String) -> Unicode.Scalar? {
        // Only controls, and the two noncharacters U+FFFE and U+FFFF (EF BF BE and EF BF BF), are out.
        guard text.utf8.contains(where: { $0 < 0x20 || $0 == 0xEF }) else { return nil }
        return text.unicodeScalars.first { !PrintableText.allows($0) }
    }

    private static func reference(for byte: UInt8, isAttribute: Bool) -> String? {
        switch byte {
        case UInt8(ascii: "&"): "&amp;"
        case UInt8(ascii: "<"): "&lt;"
        case UInt8(ascii: ">"): "&gt;"
        case UInt8(ascii: "'"): isAttribute ? "&apos;" : nil
        case UInt8(ascii: "\""): isAttribute ? "&quot;" : nil
        case 0x0D: "&#13;"
        case 0x09: isAttribute ? "&#9;" : nil
        case 0x0A: isAttribute ? "&#10;" : nil
        case _: nil
        }
    }
}
