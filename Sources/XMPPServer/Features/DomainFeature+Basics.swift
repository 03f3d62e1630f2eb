import XML
import XMPP

extension DomainFeature {
    /// Resource binding and, for old clients, the session of RFC 3921.
    static var binding: Self {
        var feature = Self("binding")
        feature.streamFeatures = [.bind, .session(isOptional: true)]
        // RFC 3921 §3: nothing is left to do, but old clients wait for the answer.
        feature.accountQueries = [
            .set(SessionEstablishment.self): AccountQuery(for: .owner) { $0.answer($1, .result(nil)) },
            .set(ResourceBinding.self): AccountQuery(for: .owner) {
                let error = StanzaError(.notAllowed, text: "this stream has its resource already")
                return $0.answer($1, .error(error))
            },
        ]
        return feature
    }

    /// Ping (XEP-0199) and time (XEP-0202).
    static var liveness: Self {
        var feature = Self("liveness")
        feature.accountFeatures = [Namespace.ping]
        feature.domainFeatures = [Namespace.ping, Namespace.time]
        feature.accountQueries = [
            .get(Ping.self): AccountQuery(for: .viewers) { $0.answer($1, .result(nil)) }
        ]
        feature.domainQueries = [
            .get(Ping.self): { $0.answer($1, .result(nil)) },
            .get(EntityTime.self): { domain, request in
                let time = EntityTime(EntityTime.Reading(time: DateTime(request.now)))
                return domain.answer(request, .result(time.element))
            },
        ]
        return feature
    }

    /// Software version (XEP-0092), for those who may know it.
    static var softwareVersion: Self {
        var feature = Self("software version")
        feature.domainFeatures = [Namespace.version]
        feature.domainQueries = [
            .get(SoftwareVersion.self): { domain, request in
                let version = SoftwareVersion(
                    name: domain.profile.softwareName, version: domain.profile.softwareVersion)
                return domain.answer(request, .result(version.element))
            }
        ]
        return feature
    }

    /// Messages kept for those who are away (XEP-0160), as `LocalDomain+Messages` does.
    static var offlineMessages: Self {
        var feature = Self("offline messages")
        feature.domainFeatures = ["msgoffline"]
        return feature
    }

    /// Stanza ids that can be trusted (XEP-0359 §5): those in our name are ours.
    static var stableIDs: Self {
        var feature = Self("stable ids")
        feature.accountFeatures = [Namespace.stanzaIDs]
        feature.domainFeatures = [Namespace.stanzaIDs]
        return feature
    }
}
