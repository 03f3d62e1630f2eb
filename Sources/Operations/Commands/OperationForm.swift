package import CloudModel
package import XMPP

/// An operation's parameters as a data form, and the form's answers as arguments (XEP-0004).
package struct OperationForm: Sendable {
    /// What a submission asks for.
    package struct Submission: Hashable, Sendable {
        /// Checked like any other.
        package let arguments: [String: Value]
        /// Nil for here.
        package let site: SiteID?
        /// Nil if the program that filled the form in gave none.
        package let idempotencyKey: String?
        /// As they were filled in, for the same form again.
        package let answers: DataForm.Answers
    }

    /// The field for the idempotency key, which is hidden: programs fill it in, people are not asked.
    package static let keyField = "idempotency-key"

    private let operation: Operation

    package init(_ operation: Operation) {
        self.operation = operation
    }

    /// The form to fill in; `values` are what was filled in before.
    package func form(values: DataForm.Answers = [:]) -> DataForm {
        var fields = [DataForm.Field(DataForm.formTypeField, .hidden, values: [Invoke.namespace])]
        fields += self.operation.parameters.map { self.field($0, values: values[$0.name]) }
        fields.append(
            DataForm.Field(
                Catalogue.destination, .jidSingle, label: "site, if not this one",
                values: values[Catalogue.destination] ?? []))
        if self.operation.effect != .reads {
            fields.append(DataForm.Field(Self.keyField, .hidden, values: values[Self.keyField] ?? []))
        }
        return DataForm(
            .form, title: self.operation.phrase, instructions: [self.operation.summary + "."], fields: fields)
    }

    private func field(_ parameter: Parameter, values: [String]?) -> DataForm.Field {
        let kind: DataForm.Field.Kind =
            switch parameter.kind {
            case .text where parameter.isSecret: .textPrivate
            case .text, .integer, .number, .size, .duration: .textSingle
            case .boolean: .boolean
            case .choice: .listSingle
            case .jid: .jidSingle
            case .list, .document: .textMulti
            }
        var options: [DataForm.Field.Option] = []
        if case .choice(let choices) = parameter.kind { options = choices.map { DataForm.Field.Option($0) } }
        return DataForm.Field(
            parameter.name, kind, label: "\(parameter.name): \(parameter.help)",
            description: parameter.expectation, isRequired: parameter.isRequired,
            values: parameter.isSecret ? [] : values ?? Self.texts(parameter), options: options)
    }

    /// The default as the form shows it.
    private static func texts(_ parameter: Parameter) -> [String] {
        switch (parameter.kind, parameter.defaultValue) {
        case (_, .none), (_, .some(.null)), (_, .some(.object)): []
        case (.size, .some(.integer(let mebibytes))): ["\(mebibytes)M"]
        case (_, .some(.bool(let flag))): [flag ? "1" : "0"]
        case (_, .some(.integer(let number))): [String(number)]
        case (_, .some(.double(let number))): [String(number)]
        case (_, .some(.string(let text))): [text]
        case (_, .some(.array(let elements))): elements.compactMap(\.string)
        }
    }

    /// What a submission asks for, once it is checked.
    package func read(_ submitted: DataForm) throws(OperationError) -> Submission {
        let answers: DataForm.Answers
        do throws(DataForm.Misfit) {
            answers = try self.form().answers(in: submitted)
        } catch {
            throw OperationError(.badRequest, error.description)
        }
        var arguments: [String: Value] = [:]
        for parameter in self.operation.parameters {
            guard let values = answers[parameter.name] else { continue }
            let filled = values.filter { !$0.isEmpty }
            guard let first = filled.first else { continue }
            arguments[parameter.name] =
                switch parameter.kind {
                case .list: .array(filled.map(Value.string))
                case .document: .string(values.joined(separator: "\n"))
                case .text, .integer, .number, .boolean, .choice, .size, .duration, .jid: .string(first)
                }
        }
        return Submission(
            arguments: try self.operation.checked(arguments),
            site: answers[Catalogue.destination]?.first.map { SiteID($0) },
            idempotencyKey: try Self.key(answers[Self.keyField] ?? []), answers: answers)
    }

    /// The key, within the limits that an ``Invoke`` has for it.
    private static func key(_ values: [String]) throws(OperationError) -> String? {
        let given = values.filter { !$0.isEmpty }
        guard given.count <= 1, (given.first?.utf8.count ?? 0) <= Invoke.keyLimit else {
            throw OperationError(
                .badRequest, "\(Self.keyField) must be one key of at most \(Invoke.keyLimit) bytes",
                next: "leave it empty, or give a shorter one")
        }
        return given.first
    }
}
