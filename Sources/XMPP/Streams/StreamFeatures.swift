package import XML

/// Everything a server offers at one point of a stream, in the order it is to be written (RFC 6120 §4.3.2).
package struct StreamFeatures: Hashable, Sendable {
    package var features: [StreamFeature]

    package init(_ features: [StreamFeature]) {
        self.features = features
    }

    /// Reads `<stream:features/>`; throws `bad-format` for any other element.
    package init(parsing element: Element) throws(StreamError) {
        guard Self.matches(element) else {
            throw StreamError(.badFormat, text: "expected <stream:features/>")
        }
        self.init(element.elements.map(StreamFeature.init(parsing:)))
    }

    package static func matches(_ element: Element) -> Bool {
        element.matches("features", Namespace.streams)
    }

    package var element: Element {
        Element("features", namespace: Namespace.streams, [:], self.features.map(\.element))
    }
}

extension StreamFeatures {
    /// Whether STARTTLS must be done; nil if it is not offered.
    package var startTLSIsRequired: Bool? {
        for case .startTLS(let isRequired) in self.features { return isRequired }
        return nil
    }

    /// The names of the SASL mechanisms, empty if none is offered.
    package var mechanisms: [String] {
        for case .mechanisms(let names) in self.features { return names }
        return []
    }

    /// The types of channel binding; nil if the server does not say.
    package var channelBindings: [String]? {
        for case .channelBindings(let types) in self.features { return types }
        return nil
    }

    /// What the server takes at most; nothing known if it does not say.
    package var limits: StreamLimits {
        for case .limits(let limits) in self.features { return limits }
        return StreamLimits()
    }

    package var offersStreamManagement: Bool { self.features.contains(.streamManagement) }

    package var offersBidirectional: Bool { self.features.contains(.bidirectional) }

    package var offersClientState: Bool { self.features.contains(.clientState) }

    package var offersBind: Bool { self.features.contains(.bind) }

    /// Whether an old client's session must be asked for: offered and not marked optional.
    package var requiresSession: Bool { self.features.contains(.session(isOptional: false)) }

    package var offersDialback: Bool {
        self.features.contains { feature in
            if case .dialback = feature { true } else { false }
        }
    }
}
