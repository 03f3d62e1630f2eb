/// Everything that Tradewind can be asked to do.
///
/// Chat, ad-hoc forms, the command line, HTTP and its OpenAPI document are made from these entries: adding
/// one here is all it takes to offer it everywhere.
package enum Catalogue {
    /// All operations, noun by noun.
    package static let operations: [Operation] =
        Self.machines + Self.reservations + Self.hosts + Self.workloads + Self.responses
        + Self.applications + Self.watching
        + Self.sites + Self.load
        + Self.accounts
        + Self.grants + Self.rooms + Self.process

    private static let byName = Dictionary(uniqueKeysWithValues: Self.operations.map { ($0.name, $0) })

    package static func operation(_ name: String) -> Operation? {
        self.byName[name]
    }

    /// The error for a name that is not here, with a guess at what was meant.
    package static func unknown(_ name: String) -> OperationError {
        let guess = Suggestion.closest(to: name, among: Self.operations.map(\.name))
        return OperationError(
            .notFound, "there is no operation \(name.quoted)",
            next: guess.map { "did you mean \($0)?" } ?? "ask for help to see all")
    }

    /// The name of the parameter that every operation takes: the site where it shall happen.
    package static let destination = "at"
}
