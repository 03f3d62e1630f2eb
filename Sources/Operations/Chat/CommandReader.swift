package import CloudModel

/// Reads `noun verb positional key=value` into an operation and its arguments: for chat and the command line alike.
///
/// Words are matched whole: no command can hide another that begins like it.
package struct CommandReader: Sendable {
    /// What was asked for.
    package struct Command: Hashable, Sendable {
        package let operation: Operation
        package let arguments: [String: Value]
        /// The site named with `at=`; nil for the one that is asked.
        package let site: SiteID?
    }

    /// The operations that may be suggested: those the caller may perform.
    private let suggested: [Operation]

    package init(suggesting operations: [Operation]) {
        self.suggested = operations
    }

    package func command(_ tokens: [ChatTokenizer.Token]) throws(OperationError) -> Command {
        let (operation, rest) = try self.operation(tokens)
        var given: [String: Value] = [:]
        var site: SiteID?
        var positions = operation.parameters.filter(\.isPositional)[...]
        for token in rest {
            if let key = token.key {
                if key == Catalogue.destination {
                    site = SiteID(token.text)
                    continue
                }
                guard given[key] == nil else {
                    throw OperationError(
                        .badRequest, "\(key) is given twice", next: "write: \(operation.usage)")
                }
                given[key] = .string(token.text)
                continue
            }
            while let first = positions.first, given[first.name] != nil { positions.removeFirst() }
            guard let parameter = positions.popFirst() else {
                throw OperationError(
                    .badRequest, "\(operation.phrase) does not know what to do with \(token.text.quoted)",
                    next: "write: \(operation.usage)")
            }
            given[parameter.name] = .string(token.text)
        }
        return Command(operation: operation, arguments: try operation.checked(given), site: site)
    }

    /// The operation that the first words name, and the words after it.
    package func operation(
        _ tokens: [ChatTokenizer.Token]
    ) throws(OperationError) -> (Operation, ArraySlice<ChatTokenizer.Token>) {
        let words = tokens.prefix { $0.key == nil }.map { $0.text.lowercased() }
        guard let noun = words.first else { throw self.nothingNamed() }
        if words.count > 1, let operation = Catalogue.operation("\(noun).\(words[1])") {
            return (operation, tokens.dropFirst(2))
        }
        if let operation = Catalogue.operation(noun) { return (operation, tokens.dropFirst()) }
        throw self.unknown(noun, words.dropFirst().first)
    }

    private func nothingNamed() -> OperationError {
        OperationError(.badRequest, "that names no command", next: "write: help")
    }

    private func unknown(_ noun: String, _ verb: String?) -> OperationError {
        let sameNoun = self.suggested.filter { $0.noun == noun }
        if !sameNoun.isEmpty {
            let verbs = sameNoun.compactMap { $0.words.dropFirst().first }
            guard let verb else {
                return OperationError(
                    .badRequest, "what about the \(noun)?",
                    next: "add one of: " + verbs.joined(separator: ", "))
            }
            let guess = Suggestion.closest(to: verb, among: verbs)
            return OperationError(
                .notFound, "there is no command “\(noun) \(verb)”",
                next: guess.map { "did you mean “\(noun) \($0)”?" }
                    ?? "\(noun) knows: " + verbs.joined(separator: ", "))
        }
        return OperationError(
            .notFound, "there is no command “\(noun)”",
            next: self.guess(noun, verb).map { "did you mean “\($0)”?" } ?? "write: help")
    }

    /// What may have been meant: a mistyped noun, both words mistyped or swapped, or the verb alone.
    private func guess(_ noun: String, _ verb: String?) -> String? {
        let phrases = self.suggested.map(\.phrase)
        if let verb {
            for text in ["\(noun) \(verb)", "\(verb) \(noun)"] {
                if let phrase = Suggestion.closest(to: text, among: phrases) { return phrase }
            }
        }
        let nouns = self.suggested.map(\.noun) + ["help"]
        if let noun = Suggestion.closest(to: noun, among: nouns) {
            return self.suggested.contains { $0.noun == noun && $0.words.count > 1 } ? "help \(noun)" : noun
        }
        return self.suggested.first { $0.words.dropFirst().first == noun }?.phrase
    }
}
