/// The text of `help`: only what the caller may do.
package struct HelpText: Sendable {
    private let permitted: [Operation]

    package init(permitted operations: [Operation]) {
        self.permitted = operations
    }

    /// The answer to `help` and the words after it.
    package func text(_ words: [String]) throws(OperationError) -> String {
        guard let noun = words.first?.lowercased() else { return self.overview }
        if words.count > 1, let operation = self.operation("\(noun).\(words[1].lowercased())") {
            return Self.page(operation)
        }
        if words.count == 1, let operation = self.operation(noun) { return Self.page(operation) }
        let sameNoun = self.permitted.filter { $0.noun == noun }
        guard !sameNoun.isEmpty, words.count == 1 else {
            let phrase = words.joined(separator: " ")
            let guess = Suggestion.closest(
                to: phrase, among: self.permitted.map(\.phrase) + self.permitted.map(\.noun))
            throw OperationError(
                .notFound, "you may use no command \(phrase.quoted)",
                next: guess.map { "did you mean “help \($0)”?" } ?? "write: help")
        }
        return sameNoun.map { "\($0.usage)\n    \($0.summary)" }.joined(separator: "\n")
    }

    private func operation(_ name: String) -> Operation? {
        self.permitted.first { $0.name == name }
    }

    private var overview: String {
        guard !self.permitted.isEmpty else {
            return "You may use no commands here. Ask the owner of this site for a grant."
        }
        let width = self.permitted.map(\.phrase.count).max() ?? 0
        let lines = self.permitted.map { operation in
            let space = String(repeating: " ", count: width - operation.phrase.count)
            return "\(operation.phrase)\(space)  \(operation.summary)"
        }
        let example = self.permitted.first { !$0.parameters.isEmpty } ?? self.permitted[0]
        return "You may write:\n" + lines.joined(separator: "\n")
            + "\nMore about one: help \(example.phrase). "
            + "Add \(Catalogue.destination)=SITE to send a command to another site."
    }

    /// All there is to say about one operation.
    static func page(_ operation: Operation) -> String {
        var lines = [operation.usage, operation.summary + "."]
        if operation.destroys { lines.append("It destroys something, so a code is asked for first.") }
        let width = operation.parameters.map(\.name.count).max() ?? 0
        for parameter in operation.parameters {
            let space = String(repeating: " ", count: width - parameter.name.count)
            var line = "  \(parameter.name)\(space)  \(parameter.help)"
            if parameter.kind != .text { line += " (\(parameter.expectation))" }
            if let value = parameter.defaultValue {
                let form: Section.Form = parameter.kind == .size ? .size : .plain
                line += "; \(TextRenderer().cell(value, form)) if left out"
            }
            lines.append(line)
        }
        lines.append("  \(Catalogue.destination)=SITE sends it to another site.")
        return lines.joined(separator: "\n")
    }
}
