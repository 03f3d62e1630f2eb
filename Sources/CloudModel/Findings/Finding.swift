/// One thing that was looked at: what was seen and, where something is wrong, what to do about it.
package struct Finding: Hashable, Codable, Sendable {
    package enum Verdict: String, Hashable, Codable, Sendable, CaseIterable {
        /// As it should be.
        case ok
        /// Works, but not as well as it could, or not for much longer.
        case warning
        /// Does not work.
        case fault
        /// Was not looked at; what was seen says why.
        case skipped
    }

    /// Where it was seen, when one thing is looked at in several places: `192.0.2.1:5269, STARTTLS`.
    package var place: String?
    /// What was looked at, in a word or two: `certificate`.
    package let subject: String
    package let verdict: Verdict
    /// What was seen, as a phrase without a full stop.
    package let seen: String
    /// What to do, and who can; nil if there is nothing to do.
    package let cure: String?

    package init(
        _ subject: String, _ verdict: Verdict, _ seen: String, cure: String? = nil, at place: String? = nil
    ) {
        self.place = place
        self.subject = subject
        self.verdict = verdict
        self.seen = Self.clean(seen)
        self.cure = cure.map(Self.clean)
    }

    /// The longest text of a finding, in characters; the rest is cut off.
    package static let textLimit = 400

    /// Without what moves a terminal: parts of it are in a stranger's words.
    private static func clean(_ text: String) -> String {
        let shown = text.unicodeScalars.map { scalar -> Unicode.Scalar in
            switch scalar.properties.generalCategory {
            case .control, .format, .lineSeparator, .paragraphSeparator: " "
            default: scalar
            }
        }
        let line = String(String.UnicodeScalarView(shown))
        return line.count > Self.textLimit ? line.prefix(Self.textLimit - 1) + "…" : line
    }

    package init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        self.init(
            Self.clean(try container.decode(String.self, forKey: .subject)),
            try container.decode(Verdict.self, forKey: .verdict),
            try container.decode(String.self, forKey: .seen),
            cure: try container.decodeIfPresent(String.self, forKey: .cure),
            at: try container.decodeIfPresent(String.self, forKey: .place).map(Self.clean))
    }
}
