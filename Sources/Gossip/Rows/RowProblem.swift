/// Why a row was dropped.
package enum RowProblem: Hashable, Sendable {
    /// Payload, schema or lifetime is beyond `RowLimits`.
    case tooLarge
    /// Incarnation or sequence is absurd.
    case absurdVersion
    /// The origin is not a member here, so no key of it is pinned.
    case unknownOrigin
    /// The signature does not fit the bytes and the pinned key.
    case badSignature
    /// Another key than the pinned one signed it.
    case keyChanged
    /// The same version with other contents: two processes run under one address.
    case conflicting
    /// Well signed, but what it says cannot be.
    case absurdContent(String)
    /// There are rows of too many sites.
    case full
}

extension RowProblem: CustomStringConvertible {
    package var description: String {
        switch self {
        case .tooLarge: "the row is larger than allowed"
        case .absurdVersion: "its version is beyond any that counting could reach"
        case .unknownOrigin: "its origin is not a member here"
        case .badSignature: "its signature is wrong"
        case .keyChanged: "another key than the accepted one signed it"
        case .conflicting: "another row with the same version is already here"
        case .absurdContent(let problem): "its content cannot be: \(problem)"
        case .full: "rows of too many sites are held"
        }
    }
}
