import CloudModel

/// The one line that says how far a command is, corrected in place where the client can show that (XEP-0308).
struct ProgressLine: Sendable {
    enum OnProgress: Hashable, Sendable {
        case nothing
        /// Say it as a message of this id.
        case first(id: String)
        /// Say it in place of the message with this id.
        case correction(of: String)
    }

    /// The least time between two lines.
    static let interval: Duration = .seconds(3)

    private var first: String?
    private var last: Instant?
    /// What came too soon after the line before it.
    private var held: String?

    /// There is something to tell; who cannot show corrections gets the first line and the answer, nothing between.
    ///
    /// - Parameter freshID: the id for a first line.
    mutating func tell(
        _ text: String, at now: Instant, isCorrectable: Bool, freshID: String
    ) -> OnProgress {
        guard let first, let last else {
            (self.first, self.last) = (freshID, now)
            return .first(id: freshID)
        }
        guard isCorrectable, last.duration(to: now) >= Self.interval else {
            self.held = text
            return .nothing
        }
        (self.last, self.held) = (now, nil)
        return .correction(of: first)
    }

    /// The command is done: what the line shall say in the end, and the id of the message to correct.
    mutating func finish(isCorrectable: Bool) -> (text: String, original: String)? {
        guard isCorrectable, let held, let first else { return nil }
        self.held = nil
        return (held, first)
    }
}
