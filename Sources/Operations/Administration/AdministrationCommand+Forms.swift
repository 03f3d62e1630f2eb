import CloudModel
package import XMPP

/// What each command asks and answers, in the fields that XEP-0133 §8.3 registered.
extension AdministrationCommand {
    /// What must be filled in; empty if the command is performed at once.
    package var fields: [DataForm.Field] {
        switch self {
        case .addUser:
            [
                Self.account, Self.password(label: "The password for this account"),
                .init("password-verify", .textPrivate, label: "Retype the password"),
            ]
        case .deleteUser, .disableUser, .enableUser, .endSession:
            [.init("accountjids", .jidMulti, label: "The addresses", isRequired: true)]
        case .changePassword: [Self.account, Self.password(label: "The new password")]
        case .userStatistics, .lastLogin: [Self.account]
        case .announce: [.init("announcement", .textMulti, label: "The announcement", isRequired: true)]
        case .setMessageOfTheDay, .editMessageOfTheDay:
            [.init("motd", .textMulti, label: "The message of the day", isRequired: true)]
        case .registeredCount, .disabledCount, .onlineCount, .registeredList, .disabledList, .onlineList,
            .deleteMessageOfTheDay:
            []
        }
    }

    private static let account = DataForm.Field(
        "accountjid", .jidSingle, label: "The address of the account", isRequired: true)

    private static func password(label: String) -> DataForm.Field {
        DataForm.Field("password", .textPrivate, label: label, isRequired: true)
    }

    private static let typeField = DataForm.Field(
        DataForm.formTypeField, .hidden, values: [Self.namespace])

    /// The form to fill in.
    package var form: DataForm {
        DataForm(
            .form, title: self.title, instructions: ["Fill out this form."],
            fields: [Self.typeField] + self.fields)
    }

    /// The arguments of the operation for each time it is to be performed.
    package func arguments(
        submitted form: DataForm
    ) throws(OperationError) -> [[String: Value]] {
        let answers: DataForm.Answers
        do throws(DataForm.Misfit) {
            answers = try self.form.answers(in: form)
        } catch {
            throw OperationError(.badRequest, error.description)
        }
        let account = Value.string(answers["accountjid"]?.first ?? "")
        let password = answers["password"]?.first ?? ""
        switch self {
        case .addUser:
            if let again = answers["password-verify"]?.first, again != password {
                throw OperationError(
                    .badRequest, "the two passwords differ", next: "type the same in both fields")
            }
            return [["account": account, "password": .string(password)]]
        case .changePassword: return [["account": account, "password": .string(password)]]
        case .deleteUser, .disableUser, .enableUser, .endSession:
            return (answers["accountjids"] ?? []).map { ["account": .string($0)] }
        case .userStatistics, .lastLogin: return [["account": account]]
        case .announce: return [["text": Self.text(answers["announcement"])]]
        case .setMessageOfTheDay:
            return [["text": Self.text(answers["motd"]), "announce": .bool(true)]]
        case .editMessageOfTheDay: return [["text": Self.text(answers["motd"])]]
        case .registeredCount, .disabledCount, .onlineCount, .registeredList, .disabledList, .onlineList,
            .deleteMessageOfTheDay:
            return [[:]]
        }
    }

    private static func text(_ lines: [String]?) -> Value {
        .string((lines ?? []).joined(separator: "\n"))
    }

    /// What the operation answered, as a form; nil if there is nothing to tell but that it is done.
    package func form(of result: OperationResult) -> DataForm? {
        let fields: [DataForm.Field]
        switch self {
        case .addUser, .deleteUser, .disableUser, .enableUser, .endSession, .changePassword, .announce,
            .setMessageOfTheDay, .editMessageOfTheDay, .deleteMessageOfTheDay:
            return nil
        case .userStatistics:
            guard case .object(let account) = result.value else { return nil }
            let resources = account["resources"]?.array?.compactMap(\.string) ?? []
            fields = [
                .init("rostersize", values: [String(account["contacts"]?.integer ?? 0)]),
                .init("onlineresources", values: resources),
            ]
        case .lastLogin:
            guard case .object(let account) = result.value else { return nil }
            let time = account["lastSeen"]?.integer.map { DateTime(millisecondsSinceEpoch: $0).description }
            fields = [
                .init("accountjid", values: [account["account"]?.string ?? ""]),
                .init("lastlogin", values: [time ?? "unknown"]),
            ]
        case .registeredCount: fields = [Self.count("registeredusersnum", result) { _ in true }]
        case .disabledCount: fields = [Self.count("disabledusersnum", result, Self.isDisabled)]
        case .onlineCount: fields = [Self.count("onlineusersnum", result, Self.isOnline)]
        case .registeredList: fields = [Self.list("registereduserjids", result) { _ in true }]
        case .disabledList: fields = [Self.list("disableduserjids", result, Self.isDisabled)]
        case .onlineList: fields = [Self.list("onlineuserjids", result, Self.isOnline)]
        }
        return DataForm(.result, title: self.title, fields: [Self.typeField] + fields)
    }

    private static func isDisabled(_ account: Value.Object) -> Bool { account["disabled"]?.bool == true }

    private static func isOnline(_ account: Value.Object) -> Bool { (account["clients"]?.integer ?? 0) > 0 }

    private static func accounts(
        _ result: OperationResult, _ matches: (Value.Object) -> Bool
    ) -> [String] {
        (result.value.array ?? []).compactMap { row in
            guard case .object(let account) = row, matches(account) else { return nil }
            return account["account"]?.string
        }
    }

    private static func count(
        _ name: String, _ result: OperationResult, _ matches: (Value.Object) -> Bool
    ) -> DataForm.Field {
        DataForm.Field(name, values: [String(Self.accounts(result, matches).count)])
    }

    private static func list(
        _ name: String, _ result: OperationResult, _ matches: (Value.Object) -> Bool
    ) -> DataForm.Field {
        DataForm.Field(name, .jidMulti, values: Self.accounts(result, matches))
    }
}
