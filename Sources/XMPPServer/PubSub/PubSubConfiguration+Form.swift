import XMPP

/// The configuration as a data form, and back.
extension PubSubConfiguration {
    /// A field of the form: what it is called and what it may hold.
    enum Field: String, CaseIterable {
        case title = "pubsub#title"
        case description = "pubsub#description"
        case payloadType = "pubsub#type"
        case access = "pubsub#access_model"
        case rosterGroups = "pubsub#roster_groups_allowed"
        case publishing = "pubsub#publish_model"
        case persistsItems = "pubsub#persist_items"
        case mostItems = "pubsub#max_items"
        case deliversNotifications = "pubsub#deliver_notifications"
        case deliversPayloads = "pubsub#deliver_payloads"
        case notifiesConfiguration = "pubsub#notify_config"
        case notifiesDeletion = "pubsub#notify_delete"
        case notifiesRetraction = "pubsub#notify_retract"
        case lastItem = "pubsub#send_last_published_item"
        case messageKind = "pubsub#notification_type"

        var kind: DataForm.Field.Kind {
            switch self {
            case .title, .description, .payloadType, .mostItems: .textSingle
            case .access, .publishing, .lastItem, .messageKind: .listSingle
            case .rosterGroups: .textMulti
            case .persistsItems, .deliversNotifications, .deliversPayloads, .notifiesConfiguration,
                .notifiesDeletion, .notifiesRetraction:
                .boolean
            }
        }

        var options: [String] {
            switch self {
            case .access: Access.allCases.map(\.rawValue)
            case .publishing: Publishing.allCases.map(\.rawValue)
            case .lastItem: LastItem.allCases.map(\.rawValue)
            case .messageKind: [Message.Kind.headline, .normal].map(\.rawValue)
            case .title, .description, .payloadType, .mostItems, .rosterGroups, .persistsItems,
                .deliversNotifications, .deliversPayloads, .notifiesConfiguration, .notifiesDeletion,
                .notifiesRetraction:
                []
            }
        }
    }

    /// Characters of a title or description, bytes of UTF-8.
    static let textBytes = 1_024
    /// Roster groups that may be named.
    static let rosterGroupLimit = 32

    /// By the names of the fields.
    var values: [String: [String]] {
        Dictionary(uniqueKeysWithValues: Field.allCases.map { ($0.rawValue, self.values(of: $0)) })
    }

    private func values(of field: Field) -> [String] {
        switch field {
        case .title: [self.title]
        case .description: [self.description]
        case .payloadType: [self.payloadType]
        case .access: [self.access.rawValue]
        case .rosterGroups: self.rosterGroups
        case .publishing: [self.publishing.rawValue]
        case .persistsItems: [Self.text(self.persistsItems)]
        case .mostItems: [String(self.mostItems)]
        case .deliversNotifications: [Self.text(self.deliversNotifications)]
        case .deliversPayloads: [Self.text(self.deliversPayloads)]
        case .notifiesConfiguration: [Self.text(self.notifiesConfiguration)]
        case .notifiesDeletion: [Self.text(self.notifiesDeletion)]
        case .notifiesRetraction: [Self.text(self.notifiesRetraction)]
        case .lastItem: [self.lastItem.rawValue]
        case .messageKind: [self.messageKind.rawValue]
        }
    }

    private static func text(_ flag: Bool) -> String { flag ? "1" : "0" }

    /// The form with these values, to be filled in or as a result.
    func form(_ kind: DataForm.Kind) -> DataForm {
        let type = DataForm.Field(
            DataForm.formTypeField, .hidden, values: [Namespace.pubSubNodeConfiguration])
        let fields = Field.allCases.map { field in
            DataForm.Field(
                field.rawValue, field.kind, values: self.values(of: field),
                options: kind == .form ? field.options.map { DataForm.Field.Option($0) } : [])
        }
        return DataForm(kind, fields: [type] + fields)
    }

    /// What the node is for those who ask service discovery (XEP-0060 §5.4).
    var metadata: DataForm {
        let fields = [Field.title, .description, .payloadType, .access, .mostItems].map {
            DataForm.Field($0.rawValue, values: self.values(of: $0))
        }
        return DataForm(
            .result,
            fields: [DataForm.Field(DataForm.formTypeField, .hidden, values: [Namespace.pubSubMetadata])]
                + fields)
    }

    /// Takes over what a submitted form says; fields that are not known are ignored (XEP-0004 §3.2).
    ///
    /// - Throws: `not-acceptable` for a value that cannot be (XEP-0060 §8.2.5).
    mutating func apply(_ form: DataForm, limits: PubSubLimits) throws(StanzaError) {
        guard form.kind == .submit else {
            throw StanzaError(.badRequest, text: "the form was not submitted")
        }
        for given in form.fields {
            guard let name = given.name, let field = Field(rawValue: name) else { continue }
            try self.set(field, to: given.values, limits: limits)
        }
    }

    /// The configuration as it was written to disk.
    mutating func restore(_ values: [String: [String]], limits: PubSubLimits) throws(StanzaError) {
        for (name, values) in values.sorted(by: { $0.key < $1.key }) {
            guard let field = Field(rawValue: name) else { continue }
            try self.set(field, to: values, limits: limits)
        }
    }

    /// Checks the preconditions of a publication (XEP-0060 §7.1.5): each must be as the node is configured.
    func meets(_ form: DataForm, limits: PubSubLimits) -> Bool {
        for given in form.fields {
            guard let name = given.name, name != DataForm.formTypeField else { continue }
            var wanted = self
            do throws(StanzaError) {
                guard let field = Field(rawValue: name) else { return false }
                try wanted.set(field, to: given.values, limits: limits)
            } catch {
                return false
            }
            guard wanted == self else { return false }
        }
        return true
    }

    // MARK: One field

    private mutating func set(
        _ field: Field, to values: [String], limits: PubSubLimits
    ) throws(StanzaError) {
        switch field {
        case .title: self.title = try Self.line(values, field)
        case .description: self.description = try Self.line(values, field)
        case .payloadType: self.payloadType = try Self.line(values, field)
        case .access:
            guard let access = Access(rawValue: values.first ?? "") else {
                throw PubSubCondition.unsupportedAccessModel.error(
                    .notAcceptable, "access models here: \(field.options.joined(separator: ", "))")
            }
            self.access = access
        case .rosterGroups:
            guard values.count <= Self.rosterGroupLimit else { throw Self.unusable(field) }
            self.rosterGroups = values
        case .publishing: self.publishing = try Self.choice(values, field)
        case .persistsItems: self.persistsItems = try Self.flag(values, field)
        case .mostItems:
            guard values.first != "max" else {
                self.mostItems = limits.itemsPerNode
                return
            }
            guard let number = Int(values.first ?? ""), (1...limits.itemsPerNode).contains(number) else {
                throw StanzaError(
                    .notAcceptable, text: "\(field.rawValue) is from 1 to \(limits.itemsPerNode), or max")
            }
            self.mostItems = number
        case .deliversNotifications: self.deliversNotifications = try Self.flag(values, field)
        case .deliversPayloads: self.deliversPayloads = try Self.flag(values, field)
        case .notifiesConfiguration: self.notifiesConfiguration = try Self.flag(values, field)
        case .notifiesDeletion: self.notifiesDeletion = try Self.flag(values, field)
        case .notifiesRetraction: self.notifiesRetraction = try Self.flag(values, field)
        case .lastItem: self.lastItem = try Self.choice(values, field)
        case .messageKind:
            guard field.options.contains(values.first ?? "") else { throw Self.unusable(field) }
            self.messageKind = try Self.choice(values, field)
        }
    }

    private static func line(_ values: [String], _ field: Field) throws(StanzaError) -> String {
        let text = values.first ?? ""
        guard text.utf8.count <= Self.textBytes else { throw Self.unusable(field) }
        return text
    }

    private static func choice<Choice: RawRepresentable<String>>(
        _ values: [String], _ field: Field
    ) throws(StanzaError) -> Choice {
        guard let choice = Choice(rawValue: values.first ?? "") else { throw Self.unusable(field) }
        return choice
    }

    private static func flag(_ values: [String], _ field: Field) throws(StanzaError) -> Bool {
        guard let flag = DataForm.Field(nil, values: values).flag else { throw Self.unusable(field) }
        return flag
    }

    private static func unusable(_ field: Field) -> StanzaError {
        StanzaError(.notAcceptable, text: "\(field.rawValue) cannot have this value")
    }
}
