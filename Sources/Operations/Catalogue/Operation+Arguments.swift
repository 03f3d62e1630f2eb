extension Operation {
    /// Checks arguments against the parameters: types, ranges, what is missing, what is unknown; fills in
    /// defaults.
    package func checked(_ arguments: [String: Value]) throws(OperationError) -> [String: Value] {
        for name in arguments.keys.sorted() where self.parameter(name) == nil {
            throw self.unknownParameter(name)
        }
        var checked: [String: Value] = [:]
        for parameter in self.parameters {
            if let given = arguments[parameter.name], !given.isNull {
                checked[parameter.name] = try parameter.value(of: given)
            } else if parameter.isRequired {
                throw OperationError(
                    .badRequest, "\(self.phrase) needs \(parameter.name): \(parameter.help)",
                    next: "write: \(self.usage)")
            } else if let value = parameter.defaultValue {
                checked[parameter.name] = value
            }
        }
        return checked
    }

    private func unknownParameter(_ name: String) -> OperationError {
        let names = self.parameters.map(\.name)
        guard !names.isEmpty else {
            return OperationError(
                .badRequest, "\(self.phrase) takes no parameters, so not \(name.quoted) either",
                next: "write: \(self.usage)")
        }
        let next =
            Suggestion.closest(to: name, among: names).map { "did you mean \($0)?" }
            ?? "it takes " + names.joined(separator: ", ")
        return OperationError(.badRequest, "\(self.phrase) has no parameter \(name.quoted)", next: next)
    }
}
