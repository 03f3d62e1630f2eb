import CIDN

/// The two string classes of PRECIS (RFC 8264 §4), as a test of every code point.
enum PrecisClass {
    /// For names: letters, digits and visible ASCII.
    case identifier
    /// For free text: symbols, punctuation and spaces as well.
    case freeform

    /// Whether the class allows every code point of the text, the contextual rules that we keep included.
    func allows(_ text: [UInt32]) -> Bool {
        var hasArabicDigits = false
        var hasExtendedArabicDigits = false
        for scalar in text {
            switch Self.property(of: scalar) {
            case .valid: break
            case .freeformOnly:
                if case .identifier = self { return false }
            case .arabicDigit: hasArabicDigits = true
            case .extendedArabicDigit: hasExtendedArabicDigits = true
            case .disallowed: return false
            }
        }
        return !(hasArabicDigits && hasExtendedArabicDigits)
    }

    /// The derived property of a code point (RFC 8264 §8).
    private enum Property {
        case valid
        case freeformOnly
        /// Contextual (RFC 5892 A.8): not together with the extended digits.
        case arabicDigit
        /// Contextual (RFC 5892 A.9): not together with the other digits.
        case extendedArabicDigit
        /// Disallowed, unassigned, or contextual and outside our subset.
        case disallowed
    }

    /// The algorithm of RFC 8264 §8, in its order.
    private static func property(of scalar: UInt32) -> Property {
        if let exception = Self.exception(scalar) { return exception }
        if scalar > 0x20 && scalar < 0x7F { return .valid }
        let category = UnicodeText.category(scalar)
        if category.isIn(UC_CATEGORY_MASK_Cn, UC_CATEGORY_MASK_Cc) { return .disallowed }
        if uc_is_property_join_control(scalar) || Self.isOldHangulJamo(scalar)
            || uc_is_property_default_ignorable_code_point(scalar) || uc_is_property_not_a_character(scalar)
        {
            return .disallowed
        }
        if cidn_has_compatibility_form(scalar) { return .freeformOnly }
        if category.isIn(
            UC_CATEGORY_MASK_Ll, UC_CATEGORY_MASK_Lu, UC_CATEGORY_MASK_Lo, UC_CATEGORY_MASK_Nd,
            UC_CATEGORY_MASK_Lm, UC_CATEGORY_MASK_Mn, UC_CATEGORY_MASK_Mc)
        {
            return .valid
        }
        if category.isIn(
            UC_CATEGORY_MASK_Lt, UC_CATEGORY_MASK_Nl, UC_CATEGORY_MASK_No, UC_CATEGORY_MASK_Me,
            UC_CATEGORY_MASK_Zs, UC_CATEGORY_MASK_S, UC_CATEGORY_MASK_P)
        {
            return .freeformOnly
        }
        return .disallowed
    }

    /// The exceptions of RFC 5892 §2.6; what needs a context that we do not keep is disallowed.
    private static func exception(_ scalar: UInt32) -> Property? {
        switch scalar {
        case 0x00DF, 0x03C2, 0x06FD, 0x06FE, 0x0F0B, 0x3007: .valid
        case 0x0660...0x0669: .arabicDigit
        case 0x06F0...0x06F9: .extendedArabicDigit
        case 0x00B7, 0x0375, 0x05F3, 0x05F4, 0x30FB: .disallowed
        case 0x0640, 0x07FA, 0x302E, 0x302F, 0x3031...0x3035, 0x303B: .disallowed
        default: nil
        }
    }

    /// Conjoining jamo (RFC 5892 §2.9), which NFC would join into syllables only in part.
    private static func isOldHangulJamo(_ scalar: UInt32) -> Bool {
        switch scalar {
        case 0x1100...0x11FF, 0xA960...0xA97C, 0xD7B0...0xD7C6, 0xD7CB...0xD7FB: true
        default: false
        }
    }
}
