extension Identifier {
    /// The identifier that follows from `parent` and `path` alone, the same in every process (RFC 9562 version 8).
    ///
    /// Whoever repeats a step after a restart finds the same number again without having written it down. It is no
    /// secret and no proof: anyone who knows the parent can derive it.
    package init<Parent>(derivedFrom parent: Identifier<Parent>, path: [UInt64]) {
        // Each round is a bijection of the value (an odd multiplier, a shift-xor), as in SplitMix64: two paths of
        // one parent meet only by chance, one in 2^122.
        let multiplier = UInt128(0x9E37_79B9_7F4A_7C15) << 64 | UInt128(0xF39C_C060_5CED_C835)
        var value = parent.value
        for part in [UInt64(path.count)] + path {
            value = (value ^ UInt128(part)) &* multiplier
            value ^= value >> 67
            value = value &* multiplier
            value ^= value >> 61
        }
        value &= ~(UInt128(0xF) << 76) & ~(UInt128(0x3) << 62)
        value |= UInt128(8) << 76 | UInt128(2) << 62
        self.init(value: value)
    }
}
