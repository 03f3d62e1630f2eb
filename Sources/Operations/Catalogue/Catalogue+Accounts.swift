extension Catalogue {
    static let accounts: [Operation] = [
        Operation(
            "account.list", "List the accounts of this server", by: .any, .reads, .init(.get, "/accounts"),
            layout: [.automatic]),
        Operation(
            "account.create", "Create an account on this server", by: .any, .changes,
            .init(.post, "/accounts"),
            parameters: [
                Self.accountParameter,
                .required("password", .text, "its password, 8 bytes or more", isSecret: true),
            ]),
        Operation(
            "account.delete", "Delete an account with its roster and messages", by: .any, .destroys,
            .init(.delete, "/accounts/{account}"), parameters: [Self.accountParameter]),
        Operation(
            "account.set-password", "Give an account a new password", by: .any, .changes,
            .init(.put, "/accounts/{account}/password"),
            parameters: [
                Self.accountParameter,
                .required("password", .text, "its new password, 8 bytes or more", isSecret: true),
            ]),
        Operation(
            "account.show", "Show an account, its clients and when it was last there", by: .any, .reads,
            .init(.get, "/accounts/{account}"), parameters: [Self.accountParameter], layout: [.automatic]),
        Operation(
            "account.disconnect", "End an account's sessions, or the one of a full address", by: .any,
            .changes, .init(.post, "/accounts/{account}/disconnect"), parameters: [Self.accountParameter]),
        Operation(
            "account.disable", "Let nobody log in to an account, and end its sessions", by: .any, .changes,
            .init(.post, "/accounts/{account}/disable"), parameters: [Self.accountParameter]),
        Operation(
            "account.enable", "Let people log in to a disabled account again", by: .any, .changes,
            .init(.post, "/accounts/{account}/enable"), parameters: [Self.accountParameter]),
        Operation(
            "announce", "Send a message to everybody who is online at this server", by: .any, .changes,
            .init(.post, "/announcements"), parameters: [.required("text", "what to say")]),
        Operation(
            "motd.set", "Set the message that people get when they come online", by: .any, .changes,
            .init(.put, "/motd"),
            parameters: [
                .required("text", "what to say"),
                .optional(
                    "announce", .boolean, "send it to those who are online as well", default: .bool(false)),
            ]),
        Operation(
            "motd.delete", "Delete the message that people get when they come online", by: .any, .changes,
            .init(.delete, "/motd")),
    ]

    private static let accountParameter = Parameter.required(
        "account", .jid, "its address, or the part before the @")
}
