package import XML
import XMPP

extension DomainFeature {
    /// vCards: everybody's to read, the owner's to write (XEP-0054).
    static var vCards: Self {
        var feature = Self("vCards")
        feature.accountFeatures = [DocumentName.vCard.namespace]
        feature.domainFeatures = [DocumentName.vCard.namespace]
        let (name, namespace) = (DocumentName.vCard.name, DocumentName.vCard.namespace)
        feature.accountQueries = [
            QueryName(.get, name, namespace): AccountQuery(for: .anyone) { $0.sendVCard($1) },
            QueryName(.set, name, namespace): AccountQuery(for: .owner) { domain, request in
                domain.write([(.vCard, request.query)], request)
            },
        ]
        return feature
    }

    /// Private data of clients (XEP-0049).
    static var privateData: Self {
        var feature = Self("private data")
        feature.domainFeatures = [Namespace.privateData]
        feature.accountQueries = [
            QueryName(.get, "query", Namespace.privateData): AccountQuery(for: .owner) {
                $0.sendPrivateData($1)
            },
            QueryName(.set, "query", Namespace.privateData): AccountQuery(for: .owner) {
                $0.storePrivateData($1)
            },
        ]
        return feature
    }
}

extension LocalDomain {
    // MARK: Requests

    /// Without a vCard the answer to others is the same as without an account (XEP-0054 §3.3).
    fileprivate func sendVCard(_ request: AccountRequest) -> DomainStep {
        guard self.documents.has(.vCard, of: request.account) else {
            let condition: StanzaError.Condition = request.isFromOwner ? .itemNotFound : .serviceUnavailable
            return self.answer(request, .error(StanzaError(condition)))
        }
        return .durable(.document(.read(.vCard, request)))
    }

    fileprivate func sendPrivateData(_ request: AccountRequest) -> DomainStep {
        let asked = request.query.elements
        guard asked.count == 1, let element = asked.first else {
            let error = StanzaError(.badRequest, text: "ask for exactly one element")
            return self.answer(request, .error(error))
        }
        let name = DocumentName(area: .privateData, name: element.name, namespace: element.namespace)
        guard self.documents.has(name, of: request.account) else {
            // What was never stored is empty (XEP-0049 §2).
            return self.answer(request, .result(Self.privateData(holding: Element(name))))
        }
        return .durable(.document(.read(name, request)))
    }

    fileprivate func storePrivateData(_ request: AccountRequest) -> DomainStep {
        let elements = request.query.elements
        let reserved = [Namespace.client, Namespace.server, Namespace.privateData]
        guard !elements.isEmpty, !elements.contains(where: { reserved.contains($0.namespace) }) else {
            let error = StanzaError(.notAcceptable, text: "each element needs a namespace of its own")
            return self.answer(request, .error(error))
        }
        let documents = elements.map { element in
            (DocumentName(area: .privateData, name: element.name, namespace: element.namespace), element)
        }
        return self.write(documents, request)
    }

    fileprivate func write(
        _ documents: [(DocumentName, Element)], _ request: AccountRequest
    ) -> DomainStep {
        do throws(StanzaError) {
            var drafts: [Documents.Draft] = []
            for (name, element) in documents {
                drafts.append(Documents.Draft(name: name, text: try element.storedText()))
            }
            try self.documents.check(drafts, of: request.account)
            return .durable(.document(.write(drafts, request)))
        } catch {
            return self.answer(request, .error(error))
        }
    }

    // MARK: Consequences

    /// The document was read from the disk; nil if it was not there.
    package func found(
        _ document: Element?, _ name: DocumentName, for request: AccountRequest
    ) -> [DomainDirective] {
        switch name.area {
        case .vCard:
            guard let document else {
                return self.answers(to: request, .error(StanzaError(.serviceUnavailable)))
            }
            return self.answers(to: request, .result(document))
        case .privateData:
            return self.answers(to: request, .result(Self.privateData(holding: document ?? Element(name))))
        }
    }

    /// The documents are on disk.
    package mutating func wrote(
        _ drafts: [Documents.Draft], for request: AccountRequest
    ) -> [DomainDirective] {
        guard self.hasAccount(request.account) else { return [] }
        for draft in drafts {
            self.documents.note(draft.name, bytes: draft.text.utf8.count, of: request.account)
        }
        return self.answers(to: request, .result(nil))
    }

    /// The disk refused.
    package func failed(_ step: DocumentStep) -> [DomainDirective] {
        let error = StanzaError(
            .internalServerError, kind: .wait, text: "the disk could not be read or written")
        return self.answers(to: step.request, .error(error))
    }

    private static func privateData(holding element: Element) -> Element {
        Element("query", namespace: Namespace.privateData, [:], [element])
    }
}

extension Element {
    /// The empty element of a document's name.
    fileprivate init(_ name: DocumentName) {
        self.init(name.name, namespace: name.namespace)
    }

    /// The element as it is kept on disk.
    fileprivate func storedText() throws(StanzaError) -> String {
        do {
            return try self.serializedText()
        } catch {
            throw StanzaError(.badRequest, text: "this cannot be written as XML")
        }
    }
}
