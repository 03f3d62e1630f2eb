/// Which messages of an archive are wanted (XEP-0313 §4.1): the form of a query, checked.
package struct ArchiveFilter: Hashable, Sendable {
    /// The other side of the conversation; a bare address stands for all its resources.
    package var with: JID?
    /// Not earlier than this.
    package var start: DateTime?
    /// Not later than this.
    package var end: DateTime?
    package var afterID: String?
    package var beforeID: String?
    /// These and no others; nil if ids were not asked for.
    package var ids: [String]?

    /// Ids that may be asked for at once; more are refused.
    package static let mostIDs = 100

    package init(
        with: JID? = nil, start: DateTime? = nil, end: DateTime? = nil, afterID: String? = nil,
        beforeID: String? = nil, ids: [String]? = nil
    ) {
        self.with = with
        self.start = start
        self.end = end
        self.afterID = afterID
        self.beforeID = beforeID
        self.ids = ids
    }

    /// Reads a submitted form; no form asks for everything.
    ///
    /// - Throws: `feature-not-implemented` for a field that is not known (XEP-0313 §4.1.5), `bad-request` for a value
    ///   that is none of its kind, `policy-violation` for too many ids.
    package init(_ form: DataForm?) throws(StanzaError) {
        self.init()
        guard let form else { return }
        guard form.formType == Namespace.archive else {
            throw StanzaError(.badRequest, text: "the form is not one of \(Namespace.archive)")
        }
        for field in form.fields {
            guard let name = field.name, name != DataForm.formTypeField else { continue }
            let values = field.values.filter { !$0.isEmpty }
            guard let known = Field(rawValue: name) else {
                throw StanzaError(.featureNotImplemented, text: "there is no field '\(name)'")
            }
            guard let value = values.first else { continue }
            guard known == .ids || values.count == 1 else {
                throw StanzaError(.badRequest, text: "'\(name)' takes one value")
            }
            try self.set(known, to: value, values)
        }
    }

    private enum Field: String {
        case with
        case start
        case end
        case beforeID = "before-id"
        case afterID = "after-id"
        case ids
    }

    private mutating func set(_ field: Field, to value: String, _ values: [String]) throws(StanzaError) {
        switch field {
        case .with:
            do {
                self.with = try JID(value)
            } catch {
                throw StanzaError(.badRequest, text: "'with' is no address: \(error)")
            }
        case .start: self.start = try Self.time(value, "start")
        case .end: self.end = try Self.time(value, "end")
        case .beforeID: self.beforeID = value
        case .afterID: self.afterID = value
        case .ids:
            guard values.count <= Self.mostIDs else {
                throw StanzaError(.policyViolation, text: "ask for at most \(Self.mostIDs) ids at once")
            }
            self.ids = values
        }
    }

    private static func time(_ text: String, _ name: String) throws(StanzaError) -> DateTime {
        guard let time = DateTime(text) else {
            throw StanzaError(.badRequest, text: "'\(name)' is no time as XEP-0082 writes it")
        }
        return time
    }

    /// The form of what can be asked (XEP-0313 §4.1.5).
    package static let form = DataForm(
        .form,
        fields: [
            DataForm.Field(DataForm.formTypeField, .hidden, values: [Namespace.archive]),
            DataForm.Field("with", .jidSingle, label: "From or to whom"),
            DataForm.Field("start", .textSingle, label: "Not before"),
            DataForm.Field("end", .textSingle, label: "Not after"),
            DataForm.Field("before-id", .textSingle, label: "Before the message of this id"),
            DataForm.Field("after-id", .textSingle, label: "After the message of this id"),
            // Any text may be chosen, not only one that is offered.
            DataForm.Field("ids", .listMulti, label: "The messages of these ids", isOpen: true),
        ])
}
