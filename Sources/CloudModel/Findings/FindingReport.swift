/// What came of looking at a site or at a peer, in the order of looking.
package struct FindingReport: Hashable, Codable, Sendable {
    /// The most findings that one report holds; what comes after that is left out.
    package static let limit = 256

    /// Whom it is about, for people: `tokyo.example, seen from paris.example`.
    package let subject: String
    package private(set) var findings: [Finding]
    /// Findings that had no room.
    package private(set) var omitted: Int

    package init(_ subject: String, _ findings: [Finding] = []) {
        self.subject = subject
        self.findings = []
        self.omitted = 0
        self.add(findings)
    }

    package mutating func add(_ more: [Finding]) {
        let room = Self.limit - self.findings.count
        self.findings += more.prefix(room)
        self.omitted += max(0, more.count - room)
    }

    /// The worst of all verdicts: a fault, else a warning, else that all is well.
    package var verdict: Finding.Verdict {
        if self.count(of: .fault) > 0 { return .fault }
        return self.count(of: .warning) > 0 ? .warning : .ok
    }

    package func count(of verdict: Finding.Verdict) -> Int {
        self.findings.count { $0.verdict == verdict }
    }

    /// The whole in a line: `1 fault, 2 warnings`.
    package var summary: String {
        func counted(_ verdict: Finding.Verdict, _ word: String) -> String? {
            let count = self.count(of: verdict)
            return count == 0 ? nil : count.counted(word)
        }
        let parts = [counted(.fault, "fault"), counted(.warning, "warning")].compactMap(\.self)
        return parts.isEmpty ? "all is well" : parts.joined(separator: ", ")
    }
}
