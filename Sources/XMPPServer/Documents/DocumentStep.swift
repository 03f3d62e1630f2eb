/// What is read from or written to an account's documents, and for which request.
package enum DocumentStep: Hashable, Sendable {
    case read(DocumentName, AccountRequest)
    case write([Documents.Draft], AccountRequest)

    package var request: AccountRequest {
        switch self {
        case .read(_, let request), .write(_, let request): request
        }
    }
}
