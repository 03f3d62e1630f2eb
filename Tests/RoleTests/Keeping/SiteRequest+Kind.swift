import Coordinator

extension SiteRequest {
    /// What is asked for, whatever it is about.
    enum Kind: Hashable {
        case reserve
        case query
        case commit
        case release
        case machines
        case restart
        case delete
    }

    var kind: Kind {
        switch self {
        case .reserve: .reserve
        case .query: .query
        case .commit: .commit
        case .release: .release
        case .machines: .machines
        case .restart: .restart
        case .delete: .delete
        }
    }
}
