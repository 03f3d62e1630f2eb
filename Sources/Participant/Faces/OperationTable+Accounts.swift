import CloudModel
package import Operations
import XMPP
package import XMPPServer

extension OperationTable {
    /// Registers the operations on the accounts of the embedded server.
    ///
    /// `grants` tells what a deleted account is still granted by the configuration.
    package mutating func registerAccounts(_ accounts: Accounts, grants: GrantKeeper) {
        let site = self.site
        self.register("account.list") { _, _ async throws(OperationError) in
            let rows: [Value] = accounts.list().map { account in
                [
                    "account": .string(account.address.description),
                    "clients": .integer(Int64(account.sessions)),
                    "created": .integer(account.createdAt.millisecondsSinceEpoch),
                    "disabled": .bool(account.isDisabled),
                ]
            }
            return OperationResult(site: site, value: .array(rows))
        }
        self.register("account.create") { invocation, _ async throws(OperationError) in
            let (name, password) = (try invocation.text("account"), try invocation.text("password"))
            do throws(AccountError) {
                let address = try await accounts.create(name, password: password)
                return OperationResult(
                    site: site, value: ["account": .string(address.description)],
                    message: "\(address) is made; any XMPP client can log in with it")
            } catch {
                throw OperationError(error)
            }
        }
        self.register("account.delete") { invocation, _ async throws(OperationError) in
            let name = try invocation.text("account")
            let address: JID
            do throws(AccountError) {
                address = try await accounts.delete(name)
            } catch {
                throw OperationError(error)
            }
            var message = "the account \(address) is deleted, with what was granted to it"
            let left = grants.grants(of: .address(address.description)).map(\.permissions.text)
            if !left.isEmpty {
                message += "; the configuration file still grants it \(left.joined(separator: ", "))"
            }
            return OperationResult(site: site, message: message)
        }
        self.register("account.set-password") { invocation, _ async throws(OperationError) in
            let (name, password) = (try invocation.text("account"), try invocation.text("password"))
            do throws(AccountError) {
                try await accounts.setPassword(name, to: password)
            } catch {
                throw OperationError(error)
            }
            return OperationResult(site: site, message: "\(name) has a new password")
        }
        self.registerAdministration(accounts)
    }

    /// Registers the operations that decide who may be online, and what everybody is told.
    private mutating func registerAdministration(_ accounts: Accounts) {
        let site = self.site
        self.register("account.show") { invocation, _ async throws(OperationError) in
            let name = try invocation.text("account")
            let account = try Self.translated { () throws(AccountError) in try accounts.details(of: name) }
            return OperationResult(site: site, value: Value(account))
        }
        self.register("account.disconnect") { invocation, _ async throws(OperationError) in
            let name = try invocation.text("account")
            let count = try Self.translated { () throws(AccountError) in try accounts.disconnect(name) }
            return OperationResult(
                site: site, value: ["ended": .integer(Int64(count))],
                message: "\(count) sessions of \(name) are ended")
        }
        for (operation, isDisabled) in [("account.disable", true), ("account.enable", false)] {
            self.register(operation) { invocation, _ async throws(OperationError) in
                let name = try invocation.text("account")
                do throws(AccountError) {
                    try await accounts.setDisabled(name, isDisabled)
                } catch {
                    throw OperationError(error)
                }
                return OperationResult(
                    site: site,
                    message: isDisabled ? "nobody can log in as \(name)" : "\(name) can log in again")
            }
        }
        self.register("announce") { invocation, _ async throws(OperationError) in
            let count = accounts.announce(try invocation.text("text"))
            return OperationResult(
                site: site, value: ["told": .integer(Int64(count))], message: "\(count) clients are told")
        }
        self.register("motd.set") { invocation, _ async throws(OperationError) in
            let text = try invocation.text("text")
            try await Self.setMessageOfTheDay(text, accounts)
            if invocation.flag("announce") { accounts.announce(text) }
            return OperationResult(site: site, message: "people are told so when they come online")
        }
        self.register("motd.delete") { _, _ async throws(OperationError) in
            try await Self.setMessageOfTheDay(nil, accounts)
            return OperationResult(site: site, message: "there is no message of the day")
        }
    }

    private static func setMessageOfTheDay(
        _ text: String?, _ accounts: Accounts
    ) async throws(OperationError) {
        do throws(AccountError) {
            try await accounts.setMessageOfTheDay(text)
        } catch {
            throw OperationError(error)
        }
    }

    private static func translated<Result>(
        _ body: () throws(AccountError) -> Result
    ) throws(OperationError) -> Result {
        do throws(AccountError) {
            return try body()
        } catch {
            throw OperationError(error)
        }
    }
}

extension Value {
    /// An account for programs.
    fileprivate init(_ account: AccountDetails) {
        self = [
            "account": .string(account.address.description),
            "created": .integer(account.createdAt.millisecondsSinceEpoch),
            "disabled": .bool(account.isDisabled),
            "contacts": .integer(Int64(account.contacts)),
            "resources": .array(account.resources.map(Value.string)),
            "lastSeen": account.lastSeen.map { .integer($0.millisecondsSinceEpoch) } ?? .null,
        ]
    }
}

extension OperationError {
    /// What an account's error means to whoever asked.
    init(_ error: AccountError) {
        let code: Code =
            switch error {
            case .unusableName, .unusablePassword: .badRequest
            case .taken: .conflict
            case .unknown: .notFound
            case .tooMany: .tooMany
            case .notStored, .offline: .unavailable
            }
        self.init(code, error.description)
    }
}
