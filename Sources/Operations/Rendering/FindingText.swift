package import CloudModel

/// Lays a report out for a fixed-width font: a mark, what was looked at, what was seen, and the cure below it.
package struct FindingText: Sendable {
    /// What the marks of a terminal are wrapped in; plain text has none of it.
    package enum Style: Hashable, Sendable {
        case plain
        /// ANSI colours.
        case colored
    }

    private let style: Style

    package init(_ style: Style = .plain) {
        self.style = style
    }

    /// The whole report: whom it is about, the findings place by place, and the sum.
    package func text(of report: FindingReport) -> String {
        var lines = [report.subject]
        let width = report.findings.map(\.subject.count).max() ?? 0
        var place: String?
        for finding in report.findings {
            if finding.place != place, let next = finding.place { lines.append("  \(next)") }
            place = finding.place
            lines += self.lines(of: finding, width: width)
        }
        if report.omitted > 0 { lines.append("  and \(report.omitted) more") }
        let sum = report.verdict == .ok ? "All is well." : "In all: \(report.summary)."
        lines.append(self.painted(sum, report.verdict))
        return lines.joined(separator: "\n")
    }

    private func lines(of finding: Finding, width: Int) -> [String] {
        let indent = finding.place == nil ? "  " : "    "
        let space = String(repeating: " ", count: width - finding.subject.count)
        var lines = [
            "\(indent)\(self.painted(Self.mark(finding.verdict), finding.verdict)) \(finding.subject)\(space)  "
                + finding.seen
        ]
        if let cure = finding.cure {
            lines.append(indent + String(repeating: " ", count: width + 4) + "→ " + cure)
        }
        return lines
    }

    private static func mark(_ verdict: Finding.Verdict) -> String {
        switch verdict {
        case .ok: "✓"
        case .warning: "!"
        case .fault: "✗"
        case .skipped: "–"
        }
    }

    private func painted(_ text: String, _ verdict: Finding.Verdict) -> String {
        switch self.style {
        case .plain: text
        case .colored: "\u{1B}[\(Self.color(verdict))m\(text)\u{1B}[0m"
        }
    }

    private static func color(_ verdict: Finding.Verdict) -> Int {
        switch verdict {
        case .ok: 32
        case .warning: 33
        case .fault: 31
        case .skipped: 90
        }
    }
}
