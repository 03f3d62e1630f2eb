import Cryptography
import XML
package import XMPP

extension DomainFeature {
    /// Service discovery (XEP-0030) of accounts and of the domain.
    static var discovery: Self {
        var feature = Self("discovery")
        feature.accountFeatures = [Namespace.discoInfo, Namespace.discoItems]
        feature.domainFeatures = [Namespace.discoInfo, Namespace.discoItems]
        feature.accountIdentities = [DiscoInfo.Identity(category: "account", type: "registered")]
        feature.accountQueries = [
            .get(DiscoInfo.self): AccountQuery(for: .viewers) { $0.describeAccount($1) },
            .get(DiscoItems.self): AccountQuery(for: .viewers) { $0.listAccount($1) },
        ]
        feature.domainQueries = [
            .get(DiscoInfo.self): { $0.describeDomain($1) },
            .get(DiscoItems.self): { $0.listDomain($1) },
        ]
        return feature
    }
}

extension LocalDomain {
    fileprivate func describeAccount(_ request: AccountRequest) -> DomainStep {
        if let node = request.query[attribute: "node"] {
            for feature in self.features.features {
                guard var info = feature.accountNode?(self, request, node) else { continue }
                info.node = node
                return self.answer(request, .result(info.element))
            }
            return self.answer(request, .error(StanzaError(.itemNotFound)))
        }
        let info = DiscoInfo(
            identities: self.features.accountIdentities, features: self.features.accountFeatures)
        return self.answer(request, .result(info.element))
    }

    fileprivate func listAccount(_ request: AccountRequest) -> DomainStep {
        let node = request.query[attribute: "node"]
        let lists = self.features.features.compactMap { $0.accountItems?(self, request, node) }
        guard node == nil || !lists.isEmpty else {
            return self.answer(request, .error(StanzaError(.itemNotFound)))
        }
        return self.answer(
            request, .result(DiscoItems(node: node, items: lists.flatMap { $0 }).element))
    }

    fileprivate func describeDomain(_ request: DomainRequest) -> DomainStep? {
        guard let node = request.query[attribute: "node"] else {
            return self.answer(request, .result(self.info.element))
        }
        // Any other node belongs to whoever defined it: the local service.
        guard node == self.capabilities?.discoveryNode else { return nil }
        var info = self.info
        info.node = node
        return self.answer(request, .result(info.element))
    }

    fileprivate func listDomain(_ request: DomainRequest) -> DomainStep? {
        guard request.query[attribute: "node"] == nil else { return nil }
        let hosted = self.hosted.sorted { $0.key < $1.key }.map { domain, service in
            DiscoItems.Item(
                address: JID(preparedLocal: nil, domain: domain, resource: nil), name: service.name)
        }
        let items = self.profile.items.map {
            DiscoItems.Item(address: $0.address, node: $0.node, name: $0.name)
        }
        return self.answer(request, .result(DiscoItems(items: hosted + items).element))
    }

    /// What a client is offered once it is authenticated.
    package var streamFeatures: [StreamFeature] {
        self.features.streamFeatures + (self.capabilities.map { [.capabilities($0)] } ?? [])
    }

    /// The software, whichever site runs it, as XEP-0115 §4 has it.
    private static let softwareNode = "urn:tradewind:server"

    /// Nil if there is no hash of what the domain says of itself (XEP-0115 §5.4).
    func describeCapabilities() -> EntityCapabilities? {
        self.info.verificationString(by: .sha1).map {
            EntityCapabilities(hash: "sha-1", node: Self.softwareNode, version: $0)
        }
    }

    /// What the domain says it is: the server's features and those of the local service.
    package var info: DiscoInfo {
        let identities =
            [DiscoInfo.Identity(category: "server", type: "im", name: self.profile.softwareName)]
            + self.features.domainIdentities
            + self.profile.identities.map {
                DiscoInfo.Identity(category: $0.category, type: $0.type, name: $0.name)
            }
        let features = Set(self.features.domainFeatures + self.profile.features).sorted()
        return DiscoInfo(
            identities: identities, features: features, forms: self.contacts.form.map { [$0] } ?? [])
    }
}
