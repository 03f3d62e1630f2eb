import XML

/// Text that somebody else wrote, made fit for our stanzas.
package enum WireText {
    /// What stands at the end of a text that was cut.
    static let ellipsis = "…"

    /// `text` without what XML forbids, and with at most `limit` bytes of UTF-8, an `…` included if it was cut.
    ///
    /// Doing it twice changes nothing more.
    package static func fit(_ text: String, limit: Int = WireLimits.longText) -> String {
        let printable = PrintableText.replacingForbidden(in: text)
        guard printable.utf8.count > limit else { return printable }
        var room = limit - Self.ellipsis.utf8.count
        var kept = String.UnicodeScalarView()
        for scalar in printable.unicodeScalars {
            room -= UTF8.width(scalar)
            if room < 0 { break }
            kept.append(scalar)
        }
        return String(kept) + Self.ellipsis
    }
}
