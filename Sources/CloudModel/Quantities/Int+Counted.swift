extension Int {
    /// So many of a noun: `1 host`, `3 hosts`.
    package func counted(_ noun: String) -> String { self == 1 ? "1 \(noun)" : "\(self) \(noun)s" }
}
