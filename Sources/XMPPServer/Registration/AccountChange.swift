/// What a client does to its own account by itself (XEP-0077).
package enum AccountChange: Hashable, Sendable {
    case setPassword(String, AccountRequest)
    case delete(AccountRequest)

    package var request: AccountRequest {
        switch self {
        case .setPassword(_, let request), .delete(let request): request
        }
    }
}
