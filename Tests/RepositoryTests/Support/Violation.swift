import Testing

/// A place that breaks a rule, and what to do about it.
struct Violation: Equatable, CustomStringConvertible, Sendable {
    let file: String
    let line: Int
    let advice: String

    var description: String { "\(self.file):\(self.line): \(self.advice)" }

    /// Records each as an issue of the running test.
    static func report(_ violations: [Violation]) {
        for violation in violations { Issue.record("\(violation.description)") }
    }
}
