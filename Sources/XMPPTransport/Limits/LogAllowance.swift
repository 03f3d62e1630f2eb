/// How many lines the log has for what strangers do, so that a flood of it does not write the log full.
///
/// Counted by whole minutes, for each source and for all of them. What got no line is counted, and told with the next
/// line that there is.
package struct LogAllowance<Source: Hashable & Sendable>: Sendable {
    package enum OnEvent: Hashable, Sendable {
        /// `unwritten` events, of whomever, had no line since the last one that was written.
        case write(unwritten: Int)
        case skip
    }

    /// Lines a minute for one source.
    package let linesPerSource: Int
    /// Lines a minute for all of them; also how many sources are remembered, at most.
    package let lines: Int
    private var minute: Int64?
    private var counts: [Source: Int] = [:]
    private var written = 0
    private var unwritten = 0

    package init(linesPerSource: Int, lines: Int) {
        self.linesPerSource = linesPerSource
        self.lines = lines
    }

    /// Something happened that deserves a line, in the minute with that number.
    package mutating func take(_ source: Source, inMinute minute: Int64) -> OnEvent {
        if self.minute != minute {
            self.minute = minute
            self.counts = [:]
            self.written = 0
        }
        let count = self.counts[source] ?? 0
        guard self.written < self.lines, count < self.linesPerSource else {
            self.unwritten += 1
            return .skip
        }
        self.counts[source] = count + 1
        self.written += 1
        defer { self.unwritten = 0 }
        return .write(unwritten: self.unwritten)
    }
}
