import CIDN

/// The Bidi Rule (RFC 5893 §2): a name with right-to-left letters must not be shown in a misleading order.
enum BidiRule {
    /// Whether the name has no right-to-left character, or keeps the six conditions.
    static func allows(_ text: [UInt32]) -> Bool {
        let classes = text.map { Int(uc_bidi_class($0)) }
        let rightToLeft = [UC_BIDI_R, UC_BIDI_AL, UC_BIDI_AN]
        guard classes.contains(where: rightToLeft.contains) else { return true }
        guard let first = classes.first else { return true }
        let neutral = [
            UC_BIDI_EN, UC_BIDI_ES, UC_BIDI_CS, UC_BIDI_ET, UC_BIDI_ON, UC_BIDI_BN, UC_BIDI_NSM,
        ]
        let last = classes.last { $0 != UC_BIDI_NSM }
        if first == UC_BIDI_R || first == UC_BIDI_AL {
            let mixesDigits = classes.contains(UC_BIDI_EN) && classes.contains(UC_BIDI_AN)
            let ends = [UC_BIDI_R, UC_BIDI_AL, UC_BIDI_EN, UC_BIDI_AN]
            return !mixesDigits && classes.allSatisfy { rightToLeft.contains($0) || neutral.contains($0) }
                && last.map(ends.contains) == true
        }
        // A name that starts left to right and has right-to-left letters breaks condition 5, any other
        // condition 1.
        return false
    }
}
