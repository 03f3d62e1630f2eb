import XMPP

extension DomainFeature {
    /// Sessions that outlive their connections (XEP-0198), as `SessionOutlet` keeps them.
    static var resumption: Self {
        var feature = Self("resumption")
        feature.streamFeatures = [.streamManagement]
        return feature
    }

    /// Clients that nobody looks at (XEP-0352).
    static var clientState: Self {
        var feature = Self("client state")
        feature.streamFeatures = [.clientState]
        return feature
    }
}
