package import XML

extension Sequence where Self.Element == XML.Element {
    /// The first payload of the type among these elements; nil if there is none, an error if it is malformed.
    package func first<P: Payload>(_ type: P.Type) throws(PayloadError) -> P? {
        guard let element = self.first(where: P.matches) else { return nil }
        return try P(parsing: element)
    }
}

extension XML.Element {
    /// The first child that is a payload of the type; nil if there is none, an error if it is malformed.
    package func firstChild<P: Payload>(_ type: P.Type) throws(PayloadError) -> P? {
        try self.elements.first(type)
    }

    /// Makes sure the element is what a payload type expects to parse.
    func require<P: Payload>(_ type: P.Type) throws(PayloadError) {
        guard P.matches(self) else {
            throw PayloadError("expected <\(P.elementName) xmlns='\(P.namespace)'/>, got <\(self.name)/>")
        }
    }

    /// The value of an attribute that must be there.
    func requiredAttribute(_ name: String) throws(PayloadError) -> String {
        guard let value = self[attribute: name] else {
            throw PayloadError("<\(self.name)/> needs the attribute '\(name)'")
        }
        return value
    }

    /// The address in an attribute; nil if there is no such attribute.
    func address(_ name: String) throws(PayloadError) -> JID? {
        guard let text = self[attribute: name] else { return nil }
        do {
            return try JID(text)
        } catch {
            throw PayloadError("the attribute '\(name)' of <\(self.name)/> is no address: \(error)")
        }
    }

    /// The address in an attribute that must be there.
    func requiredAddress(_ name: String) throws(PayloadError) -> JID {
        guard let address = try self.address(name) else {
            throw PayloadError("<\(self.name)/> needs the attribute '\(name)'")
        }
        return address
    }
}

extension Payload {
    /// Reads what a request asks; throws what to answer if it is malformed.
    package init(request element: Element) throws(StanzaError) {
        do throws(PayloadError) {
            try self.init(parsing: element)
        } catch {
            throw error.stanzaError
        }
    }
}

extension PayloadError {
    /// What to answer to whoever sent the element.
    package var stanzaError: StanzaError {
        StanzaError(.badRequest, text: self.problem)
    }
}
