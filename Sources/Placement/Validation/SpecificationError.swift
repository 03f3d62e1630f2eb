/// Why a request for a workload is not one that anybody could fulfil: every problem at once, each with its field.
package struct SpecificationError: Error, Hashable, Codable, Sendable {
    package struct Problem: Hashable, Codable, Sendable {
        /// The argument that is wrong: `replicas`, `sha256`, `audience`; named as in the catalogue of operations.
        package let field: String
        /// What was given and what is allowed.
        package let text: String

        package init(_ field: String, _ text: String) {
            self.field = field
            self.text = text
        }
    }

    /// At least one.
    package let problems: [Problem]

    package init(_ problems: [Problem]) {
        self.problems = problems
    }
}

extension SpecificationError: CustomStringConvertible {
    package var description: String {
        self.problems.map { "\($0.field): \($0.text)" }.joined(separator: "; ")
    }
}
