/// Why something could not be done with an account; each says what to do next.
package enum AccountError: Error, Hashable, Sendable, CustomStringConvertible {
    case unusableName(String)
    /// Too short, too long, or with characters that no password may have.
    case unusablePassword(reason: String)
    case taken(String)
    case unknown(String)
    case tooMany(limit: Int)
    /// The disk refused; nothing has changed.
    case notStored(reason: String)
    /// The server is not running, so nothing could be done.
    case offline

    package var description: String {
        switch self {
        case .unusableName(let name):
            "'\(name)' cannot be the name of an account: use letters, digits, '.', '-' and '_', without '@'"
        case .unusablePassword(let reason): "the password cannot be used: \(reason)"
        case .taken(let name): "an account '\(name)' exists already: choose another name or set its password"
        case .unknown(let name): "there is no account '\(name)': the account list shows those there are"
        case .tooMany(let limit): "there are \(limit) accounts already: delete one or raise the limit"
        case .notStored(let reason): "the account could not be written, nothing has changed: \(reason)"
        case .offline: "the server is not running, nothing has changed: try again once it is"
        }
    }
}
