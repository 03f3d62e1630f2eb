/// The rule for names: NCName of "Namespaces in XML 1.0", over the character classes of XML 1.0 (fifth edition) §2.3.
enum XMLName {
    static func isValid(_ name: String) -> Bool {
        Self.isPlain(name) || Self.isValidUnicode(name)
    }

    /// Whether it is made of ASCII letters and hyphens only and so needs no closer look: most names are.
    private static func isPlain(_ name: String) -> Bool {
        let bytes = name.utf8Span.span
        guard !bytes.isEmpty, bytes[0] != UInt8(ascii: "-") else { return false }
        for index in bytes.indices {
            switch bytes[index] {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "-"):
                break
            case _: return false
            }
        }
        return true
    }

    private static func isValidUnicode(_ name: String) -> Bool {
        guard let first = name.unicodeScalars.first, self.canStart(first) else { return false }
        return name.unicodeScalars.dropFirst().allSatisfy(self.canContinue)
    }

    private static func canStart(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0x61...0x7A, 0x41...0x5A, 0x5F: true
        case 0xC0...0xD6, 0xD8...0xF6, 0xF8...0x2FF, 0x370...0x37D, 0x37F...0x1FFF, 0x200C...0x200D: true
        case 0x2070...0x218F, 0x2C00...0x2FEF, 0x3001...0xD7FF, 0xF900...0xFDCF, 0xFDF0...0xFFFD: true
        case 0x10000...0xEFFFF: true
        case _: false
        }
    }

    private static func canContinue(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0x2D, 0x2E, 0x30...0x39, 0xB7, 0x300...0x36F, 0x203F...0x2040: true
        case _: self.canStart(scalar)
        }
    }
}
