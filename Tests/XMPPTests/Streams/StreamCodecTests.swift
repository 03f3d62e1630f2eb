import Testing
import XML
import XMPP

@Suite("Stream elements on the wire")
struct StreamCodecTests {
    @Test("Every stream error comes back", arguments: StreamError.Condition.allCases)
    func errors(condition: StreamError.Condition) {
        let error = StreamError(condition, text: "why", detail: Element("x", namespace: "urn:example"))
        #expect(StreamError(parsing: error.element) == error.withHost(condition))
        #expect(StreamError.matches(error.element))
    }

    @Test("An unknown stream error is undefined-condition")
    func unknownError() {
        let element = Element(
            "error", namespace: Namespace.streams, [:], [Element("new", namespace: Namespace.streamErrors)])
        #expect(StreamError(parsing: element) == StreamError(.undefinedCondition))
        #expect(
            StreamError(parsing: StreamError(.seeOtherHost, otherHost: "[::1]:5222").element).otherHost
                == "[::1]:5222")
    }

    @Test("Features come back in order, unknown ones too")
    func features() throws {
        let features = StreamFeatures([
            .startTLS(isRequired: true), .startTLS(isRequired: false),
            .mechanisms(["SCRAM-SHA-256-PLUS", "X-NEW"]), .channelBindings(["tls-exporter"]), .bind,
            .session(isOptional: true), .session(isOptional: false), .dialback(hasErrors: true),
            .dialback(hasErrors: false), .rosterVersioning, .preApproval, .bidirectional, .streamManagement,
            .clientState,
            .limits(StreamLimits(longestStanza: 524_288, longestSilence: 300)), .limits(StreamLimits()),
            .unknown(Element("c", namespace: "urn:example", text: "x")),
        ])
        #expect(try StreamFeatures(parsing: features.element) == features)
        #expect(features.startTLSIsRequired == true)
        #expect(features.mechanisms == ["SCRAM-SHA-256-PLUS", "X-NEW"])
        #expect(features.channelBindings == ["tls-exporter"])
        #expect(features.limits.longestStanza == 524_288)
        #expect(features.offersBind && features.requiresSession && features.offersDialback)
    }

    @Test("Other elements are no features; limits that make no sense say nothing")
    func badFeatures() {
        #expect(throws: StreamError.self) {
            try StreamFeatures(parsing: Element("feature", namespace: Namespace.streams))
        }
        let limits = Element(
            "limits", namespace: Namespace.streamLimits, [:],
            [Element("max-bytes", namespace: Namespace.streamLimits, text: "-1")])
        #expect(StreamFeature(parsing: limits) == .limits(StreamLimits()))
    }

    @Test("A header comes back", arguments: [Namespace.client, Namespace.server, Namespace.component])
    func header(namespace: String) throws {
        let header = StreamHeader(
            contentNamespace: namespace, to: try JID("paris.test"), from: try JID("a@rome.test"), id: "s1",
            language: "en", declaresDialback: namespace == Namespace.server)
        let declarations = Dictionary(
            uniqueKeysWithValues: header.namespaceDeclarations.map { ($0.prefix, $0.namespace) })
        #expect(try StreamHeader(parsing: header.element, declarations: declarations) == header)
        #expect(header.knowsFeatures)
    }

    @Test(
        "A header that is wrong says how",
        arguments: [
            (Element("stream", namespace: "other"), "jabber:client", .invalidNamespace),
            (Element("flow", namespace: Namespace.streams), "jabber:client", .badFormat),
            (Element("stream", namespace: Namespace.streams), "jabber:odd", .invalidNamespace),
            (
                Element("stream", namespace: Namespace.streams, ["to": "a@@b"]), "jabber:client",
                .improperAddressing
            ),
            (
                Element("stream", namespace: Namespace.streams, ["version": "x"]), "jabber:client",
                .unsupportedVersion
            ),
        ] as [(Element, String, StreamError.Condition)])
    func badHeader(element: Element, content: String, condition: StreamError.Condition) {
        let error = #expect(throws: StreamError.self) {
            try StreamHeader(parsing: element, declarations: ["": content])
        }
        #expect(error?.condition == condition)
    }

    @Test("A peer without a version knows no features")
    func oldPeer() throws {
        let element = Element("stream", namespace: Namespace.streams)
        let header = try StreamHeader(parsing: element, declarations: ["": Namespace.server])
        #expect(header.version == nil && !header.knowsFeatures)
        #expect(StreamHeader.Version("1.10").map { $0 > .current } == true)
    }
}

extension StreamError {
    /// An empty host is what an empty `see-other-host` element says.
    fileprivate func withHost(_ condition: Condition) -> StreamError {
        var copy = self
        if case .seeOtherHost = condition { copy.otherHost = "" }
        return copy
    }
}
