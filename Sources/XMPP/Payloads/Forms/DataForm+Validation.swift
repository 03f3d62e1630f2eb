extension DataForm {
    /// What was filled in, by the names of the form's own fields, checked and in one spelling.
    ///
    /// Booleans are `1` or `0`, addresses prepared, lists without repetition. A field that was left out is
    /// not there.
    package typealias Answers = [String: [String]]

    /// Why a submission does not fit the form.
    package struct Misfit: Error, Hashable, Sendable {
        package enum Reason: Hashable, Sendable {
            /// The element is not a submission.
            case notSubmitted
            case missing
            case tooManyValues
            /// Not among the options, or no boolean, or no address.
            case unusable(String)
            /// The form is for something else (XEP-0068).
            case wrongForm
        }

        package struct Problem: Hashable, Sendable {
            /// The name of the field; nil for the form as a whole.
            package let field: String?
            package let reason: Reason
        }

        /// In the order of the form's fields; never empty.
        package let problems: [Problem]
    }

    /// Checks a submission against this form (XEP-0004 §3.2): fields the form does not have are ignored.
    package func answers(in submission: DataForm) throws(Misfit) -> Answers {
        guard submission.kind == .submit else {
            throw Misfit(problems: [Misfit.Problem(field: nil, reason: .notSubmitted)])
        }
        var answers: Answers = [:]
        var problems: [Misfit.Problem] = []
        for field in self.fields {
            guard let name = field.name else { continue }
            let given = submission.field(name)?.values ?? []
            do throws(Misfit.Reason) {
                let values = try field.checked(given)
                if name == Self.formTypeField, !values.isEmpty, values != field.values {
                    throw Misfit.Reason.wrongForm
                }
                if !values.isEmpty { answers[name] = values }
            } catch {
                problems.append(Misfit.Problem(field: name, reason: error))
            }
        }
        guard problems.isEmpty else { throw Misfit(problems: problems) }
        return answers
    }
}

extension DataForm.Misfit.Reason: Error {}

extension DataForm.Misfit: CustomStringConvertible {
    /// One sentence for each problem, fit to be shown to whoever filled the form in.
    package var description: String {
        self.problems.map { problem in
            let field = problem.field.map { "'\($0)'" } ?? "the form"
            return switch problem.reason {
            case .notSubmitted: "\(field) was not submitted"
            case .missing: "\(field) must be filled in"
            case .tooManyValues: "\(field) takes one value"
            case .unusable(let value): "\(field) cannot be '\(value)'"
            case .wrongForm: "\(field) belongs to another form"
            }
        }.joined(separator: "; ")
    }
}

extension DataForm.Field {
    /// The values in one spelling, or what is wrong with them.
    fileprivate func checked(_ values: [String]) throws(DataForm.Misfit.Reason) -> [String] {
        let kind = self.kind ?? .textSingle
        guard kind != .fixed else { return [] }
        guard values.contains(where: { !$0.isEmpty }) else {
            if self.isRequired { throw .missing }
            return kind == .textMulti || values.isEmpty ? [] : try Self.emptied(values)
        }
        if !kind.takesSeveral, values.count > 1 { throw .tooManyValues }
        switch kind {
        case .boolean:
            guard let flag = DataForm.Field(self.name, values: values).flag else {
                throw .unusable(values.first ?? "")
            }
            return [flag ? "1" : "0"]
        case .jidSingle, .jidMulti: return try Self.withoutRepetition(values).map(Self.address)
        case .listSingle, .listMulti:
            if self.isOpen { return Self.withoutRepetition(values) }
            let allowed = Set(self.options.map(\.value))
            if let stranger = values.first(where: { !allowed.contains($0) }) { throw .unusable(stranger) }
            return Self.withoutRepetition(values)
        case .fixed, .hidden, .textMulti, .textPrivate, .textSingle: return values
        }
    }

    /// Nothing but empty values is nothing, if it is one.
    private static func emptied(_ values: [String]) throws(DataForm.Misfit.Reason) -> [String] {
        if values.count > 1 { throw .tooManyValues }
        return []
    }

    private static func address(_ text: String) throws(DataForm.Misfit.Reason) -> String {
        do { return try JID(text).description } catch { throw .unusable(text) }
    }

    private static func withoutRepetition(_ values: [String]) -> [String] {
        var seen: Set<String> = []
        return values.filter { seen.insert($0).inserted }
    }
}

extension DataForm.Field.Kind {
    /// Whether an answer may have more than one value.
    package var takesSeveral: Bool {
        switch self {
        case .jidMulti, .listMulti, .textMulti, .hidden, .fixed: true
        case .boolean, .jidSingle, .listSingle, .textPrivate, .textSingle: false
        }
    }
}
