/// The end of a machine's serial console, as text that every face can show.
package struct ConsoleTail: Hashable, Codable, Sendable {
    /// The most that one call answers, in bytes.
    package static let limit = 65_536

    /// Lines that end with `\n`, without escape sequences; what is no text is replaced by U+FFFD.
    package let text: String
    /// Whether the console holds more than this.
    package let isTruncated: Bool

    /// The end of `text`, at most `limit` bytes of it.
    package init(text: String, isTruncated: Bool, limit: Int = ConsoleTail.limit) {
        let shown = ConsoleText.shown(text)
        guard shown.utf8.count > limit else {
            self.text = shown
            self.isTruncated = isTruncated
            return
        }
        // U+FFFD takes more room than the byte it stands for.
        let kept = shown.utf8.suffix(limit).drop { UTF8.isContinuation($0) }
        self.text = String(Substring(kept))
        self.isTruncated = true
    }
}
