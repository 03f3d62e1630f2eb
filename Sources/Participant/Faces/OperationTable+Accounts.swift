import CloudModel
package import Operations
import XMPP
package import XMPPServer

extension OperationTable {
    /// Registers the operations on the accounts of the embedded server.
    package mutating func registerAccounts(_ accounts: Accounts) {
        let site = self.site
        self.register("account.list") { _, _ async throws(OperationError) in
            let rows: [Value] = accounts.list().map { account in
                [
                    "account": .string(account.address.description),
                    "clients": .integer(Int64(account.sessions)),
                    "created": .integer(account.createdAt.millisecondsSinceEpoch),
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
            do throws(AccountError) {
                try await accounts.delete(name)
            } catch {
                throw OperationError(error)
            }
            return OperationResult(site: site, message: "the account \(name) is deleted")
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
            case .notStored: .unavailable
            }
        self.init(code, error.description)
    }
}
