import XML

/// A condition of publish-subscribe, told beside the stanza error's own (XEP-0060 §16.3).
package enum PubSubCondition: Hashable, Sendable {
    case closedNode
    case configurationRequired
    case invalidJID
    case invalidOptions
    case invalidPayload
    case itemForbidden
    case itemRequired
    case jidRequired
    case maxItemsExceeded
    case maxNodesExceeded
    case nodeIDRequired
    case notSubscribed
    case payloadRequired
    case payloadTooBig
    case pendingSubscription
    case preconditionNotMet
    case presenceSubscriptionRequired
    case tooManySubscriptions
    /// With the feature that is not there, as it would be announced behind `…/pubsub#`.
    case unsupported(feature: String)
    case unsupportedAccessModel

    private var name: String {
        switch self {
        case .closedNode: "closed-node"
        case .configurationRequired: "configuration-required"
        case .invalidJID: "invalid-jid"
        case .invalidOptions: "invalid-options"
        case .invalidPayload: "invalid-payload"
        case .itemForbidden: "item-forbidden"
        case .itemRequired: "item-required"
        case .jidRequired: "jid-required"
        case .maxItemsExceeded: "max-items-exceeded"
        case .maxNodesExceeded: "max-nodes-exceeded"
        case .nodeIDRequired: "nodeid-required"
        case .notSubscribed: "not-subscribed"
        case .payloadRequired: "payload-required"
        case .payloadTooBig: "payload-too-big"
        case .pendingSubscription: "pending-subscription"
        case .preconditionNotMet: "precondition-not-met"
        case .presenceSubscriptionRequired: "presence-subscription-required"
        case .tooManySubscriptions: "too-many-subscriptions"
        case .unsupported: "unsupported"
        case .unsupportedAccessModel: "unsupported-access-model"
        }
    }

    private var element: Element {
        var element = Element(self.name, namespace: Namespace.pubSubErrors)
        if case .unsupported(let feature) = self { element[attribute: "feature"] = feature }
        return element
    }

    /// The whole error: this condition beside `condition`, with an explanation.
    package func error(
        _ condition: StanzaError.Condition, kind: StanzaError.Kind? = nil, _ text: String? = nil
    ) -> StanzaError {
        StanzaError(condition, kind: kind, text: text, detail: self.element)
    }
}
