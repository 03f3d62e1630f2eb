/// The end of a machine's serial console.
package struct ConsoleTail: Hashable, Codable, Sendable {
    /// The most that one call answers, in bytes.
    package static let limit = 65_536

    /// Terminal bytes as text; what is not UTF-8 is replaced.
    package let text: String
    /// Whether the console holds more than this.
    package let isTruncated: Bool

    package init(text: String, isTruncated: Bool) {
        self.text = text
        self.isTruncated = isTruncated
    }
}
