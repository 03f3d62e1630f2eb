package import XMPP

/// The features of one server, ready for look-up and announcement.
package struct FeatureTable: Sendable {
    package let features: [DomainFeature]
    private let accountQueries: [QueryName: DomainFeature.AccountQuery]
    private let domainQueries: [QueryName: DomainFeature.DomainHandler]

    /// Two features that claim the same request are a programmer's error.
    package init(_ features: [DomainFeature] = DomainFeature.all) {
        self.features = features
        var accountQueries: [QueryName: DomainFeature.AccountQuery] = [:]
        var domainQueries: [QueryName: DomainFeature.DomainHandler] = [:]
        for feature in features {
            accountQueries.merge(feature.accountQueries) { _, _ in
                preconditionFailure("another feature answers what '\(feature.name)' answers for accounts")
            }
            domainQueries.merge(feature.domainQueries) { _, _ in
                preconditionFailure("another feature answers what '\(feature.name)' answers for the domain")
            }
        }
        self.accountQueries = accountQueries
        self.domainQueries = domainQueries
    }

    /// Who answers such a request to an account; nil if nobody does.
    package func accountQuery(_ name: QueryName) -> DomainFeature.AccountQuery? {
        self.accountQueries[name]
    }

    /// Who answers such a request to the domain; nil if it is the local service's.
    package func domainQuery(_ name: QueryName) -> DomainFeature.DomainHandler? {
        self.domainQueries[name]
    }

    /// What is offered on a client's stream once it is authenticated.
    package var streamFeatures: [StreamFeature] { self.features.flatMap(\.streamFeatures) }

    package var accountFeatures: [String] { Set(self.features.flatMap(\.accountFeatures)).sorted() }

    package var domainFeatures: [String] { Set(self.features.flatMap(\.domainFeatures)).sorted() }

    package var accountIdentities: [DiscoInfo.Identity] { self.features.flatMap(\.accountIdentities) }

    package var domainIdentities: [DiscoInfo.Identity] { self.features.flatMap(\.domainIdentities) }
}
