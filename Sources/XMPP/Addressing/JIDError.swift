/// Why a text is not an XMPP address.
///
/// The text itself is not kept: it came from outside, may be long, and the caller has it.
package enum JIDError: Error, Hashable, Sendable {
    package enum Part: String, Hashable, Sendable {
        case local
        case domain
        case resource
    }

    /// Longer, in bytes of UTF-8, than `JID.longestText`.
    case textTooLong
    /// A separator with nothing beside it, or no domain at all.
    case empty(Part)
    /// Longer than `JID.longestPart` bytes once prepared; for a domain, longer than DNS allows.
    case tooLong(Part)
    /// A code point that the part may not hold, or not at that place.
    case forbidden(Part)
}

extension JIDError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .textTooLong: "the address is longer than \(JID.longestText) bytes"
        case .empty(let part): "the \(part.rawValue) part of the address is empty"
        case .tooLong(let part): "the \(part.rawValue) part of the address is too long"
        case .forbidden(let part):
            "the \(part.rawValue) part of the address holds a character that is not allowed"
        }
    }
}
