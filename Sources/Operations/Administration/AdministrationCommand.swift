/// The commands of service administration that any XMPP client knows by their fixed names (XEP-0133).
///
/// Each stands for an operation of the catalogue, takes that operation's grant, and is audited as it.
package enum AdministrationCommand: String, Hashable, Sendable, CaseIterable {
    case addUser = "add-user"
    case deleteUser = "delete-user"
    case disableUser = "disable-user"
    case enableUser = "reenable-user"
    case endSession = "end-user-session"
    case changePassword = "change-user-password"
    case userStatistics = "user-stats"
    case lastLogin = "get-user-lastlogin"
    case registeredCount = "get-registered-users-num"
    case disabledCount = "get-disabled-users-num"
    case onlineCount = "get-online-users-num"
    case registeredList = "get-registered-users-list"
    case disabledList = "get-disabled-users-list"
    case onlineList = "get-online-users-list"
    case announce
    case setMessageOfTheDay = "set-motd"
    case editMessageOfTheDay = "edit-motd"
    case deleteMessageOfTheDay = "delete-motd"

    /// The namespace of the nodes and the type of the forms.
    package static let namespace = "http://jabber.org/protocol/admin"

    package init?(node: String) {
        let prefix = Self.namespace + "#"
        guard node.hasPrefix(prefix) else { return nil }
        self.init(rawValue: String(node.dropFirst(prefix.count)))
    }

    package var node: String { "\(Self.namespace)#\(self.rawValue)" }

    /// The operation it stands for.
    package var operation: String {
        switch self {
        case .addUser: "account.create"
        case .deleteUser: "account.delete"
        case .disableUser: "account.disable"
        case .enableUser: "account.enable"
        case .endSession: "account.disconnect"
        case .changePassword: "account.set-password"
        case .userStatistics, .lastLogin: "account.show"
        case .registeredCount, .disabledCount, .onlineCount, .registeredList, .disabledList, .onlineList:
            "account.list"
        case .announce: "announce"
        case .setMessageOfTheDay, .editMessageOfTheDay: "motd.set"
        case .deleteMessageOfTheDay: "motd.delete"
        }
    }

    package var title: String {
        switch self {
        case .addUser: "Add a user"
        case .deleteUser: "Delete users"
        case .disableUser: "Disable users"
        case .enableUser: "Re-enable users"
        case .endSession: "End users' sessions"
        case .changePassword: "Change a user's password"
        case .userStatistics: "Get a user's statistics"
        case .lastLogin: "Get a user's last login"
        case .registeredCount: "Get the number of registered users"
        case .disabledCount: "Get the number of disabled users"
        case .onlineCount: "Get the number of online users"
        case .registeredList: "List the registered users"
        case .disabledList: "List the disabled users"
        case .onlineList: "List the online users"
        case .announce: "Announce something to online users"
        case .setMessageOfTheDay: "Set the message of the day and announce it"
        case .editMessageOfTheDay: "Set the message of the day"
        case .deleteMessageOfTheDay: "Delete the message of the day"
        }
    }
}
