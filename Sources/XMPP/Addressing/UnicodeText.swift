import CIDN

/// What preparation asks of libunistring, in terms of Swift values: text is an array of code points.
enum UnicodeText {
    /// Normalization form C; nil only when memory runs out.
    static func normalized(_ text: [UInt32]) -> [UInt32]? {
        guard !text.isEmpty else { return [] }
        var count = 0
        let result = unsafe text.withUnsafeBufferPointer { buffer in
            unsafe cidn_nfc(buffer.baseAddress, buffer.count, &count)
        }
        guard let result = unsafe result else { return nil }
        defer { unsafe cidn_release(result) }
        return unsafe Array(UnsafeBufferPointer(start: result, count: count))
    }

    /// The string made of the code points; nil if one is no Unicode scalar.
    static func string(_ text: [UInt32]) -> String? {
        var scalars = String.UnicodeScalarView()
        for value in text {
            guard let scalar = Unicode.Scalar(value) else { return nil }
            scalars.append(scalar)
        }
        return String(scalars)
    }

    /// The ordinary form of a fullwidth or halfwidth code point (RFC 8264 §5.2.1).
    static func widthMapped(_ scalar: UInt32) -> UInt32 {
        cidn_width_mapped(scalar)
    }

    /// The default lower-case form, without regard to neighbours (RFC 8264 §5.2.3).
    static func lowercased(_ scalar: UInt32) -> [UInt32] {
        // The one code point whose lower case is two.
        scalar == 0x0130 ? [0x0069, 0x0307] : [uc_tolower(scalar)]
    }

    static func isSpace(_ scalar: UInt32) -> Bool {
        Self.category(scalar).isIn(UC_CATEGORY_MASK_Zs)
    }

    static func category(_ scalar: UInt32) -> Category {
        Category(mask: cidn_general_category(scalar))
    }

    /// A general category, as one bit.
    struct Category {
        let mask: UInt32

        func isIn(_ masks: Int...) -> Bool {
            masks.contains { self.mask & UInt32($0) != 0 }
        }
    }
}
