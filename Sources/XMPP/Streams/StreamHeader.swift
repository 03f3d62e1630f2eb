package import XML

/// The opening tag of a stream (RFC 6120 §4.7).
///
/// `element` has no children and no namespace declarations: the parser and printer of the stream keep those
/// apart, as `contentNamespace` and `namespaceDeclarations`.
package struct StreamHeader: Hashable, Sendable {
    /// The default namespace: `jabber:client`, `jabber:server` or `jabber:component:accept`.
    package var contentNamespace: String
    package var to: JID?
    package var from: JID?
    /// Only in the header of whoever accepted the connection (RFC 6120 §4.7.3).
    package var id: String?
    /// Nil for a peer from before XMPP 1.0, which knows no features.
    package var version: Version?
    package var language: String?
    /// Whether the prefix `db` is declared, as XEP-0220 §2.1 asks of whoever speaks server dialback.
    package var declaresDialback: Bool

    /// A version of XMPP, compared as two numbers (RFC 6120 §4.7.5).
    package struct Version: Hashable, Sendable, Comparable, CustomStringConvertible {
        package var major: Int
        package var minor: Int

        package init(major: Int, minor: Int) {
            self.major = major
            self.minor = minor
        }

        /// Reads `1.0`; nil for anything but two numbers.
        package init?(_ text: String) {
            let parts = text.split(separator: ".", omittingEmptySubsequences: false)
            guard parts.count == 2, let major = UInt16(parts[0]), let minor = UInt16(parts[1]) else {
                return nil
            }
            self.init(major: Int(major), minor: Int(minor))
        }

        /// The version this library speaks.
        package static let current = Version(major: 1, minor: 0)

        package static func < (lhs: Self, rhs: Self) -> Bool {
            (lhs.major, lhs.minor) < (rhs.major, rhs.minor)
        }

        package var description: String { "\(self.major).\(self.minor)" }
    }

    package init(
        contentNamespace: String, to: JID? = nil, from: JID? = nil, id: String? = nil,
        version: Version? = .current, language: String? = nil, declaresDialback: Bool = false
    ) {
        self.contentNamespace = contentNamespace
        self.to = to
        self.from = from
        self.id = id
        self.version = version
        self.language = language
        self.declaresDialback = declaresDialback
    }

    /// Whether the other side will send or expects `<stream:features/>`.
    package var knowsFeatures: Bool {
        self.version.map { $0 >= .current } ?? false
    }
}

extension StreamHeader {
    /// Reads the opening tag; `declarations` are the namespaces it declares by prefix, the default one under
    /// "".
    ///
    /// Throws what to close the stream with: `invalid-namespace`, `bad-format`, `improper-addressing` or
    /// `unsupported-version`.
    package init(parsing element: Element, declarations: [String: String]) throws(StreamError) {
        guard element.namespace == Namespace.streams else { throw StreamError(.invalidNamespace) }
        guard element.name == "stream" else { throw StreamError(.badFormat) }
        guard let content = declarations[""], StanzaNamespace.isContentNamespace(content) else {
            throw StreamError(.invalidNamespace, text: "the default namespace is none that streams have")
        }
        let version = element[attribute: "version"].map(Version.init(_:)) ?? Version(major: 0, minor: 9)
        guard let version else { throw StreamError(.unsupportedVersion) }
        self.init(
            contentNamespace: content, to: try Self.address("to", in: element),
            from: try Self.address("from", in: element), id: element[attribute: "id"],
            version: element[attribute: "version"] == nil ? nil : version, language: element.language,
            declaresDialback: declarations.values.contains(Namespace.dialback))
    }

    private static func address(_ name: String, in element: Element) throws(StreamError) -> JID? {
        guard let text = element[attribute: name] else { return nil }
        do {
            return try JID(text)
        } catch {
            throw StreamError(.improperAddressing, text: "the '\(name)' of the stream: \(error)")
        }
    }

    /// The tag without its declarations.
    package var element: Element {
        var element = Element(
            "stream", namespace: Namespace.streams,
            [
                "from": self.from?.description, "to": self.to?.description, "id": self.id,
                "version": self.version?.description,
            ])
        element.language = self.language
        return element
    }

    /// The namespaces to declare in the tag, by prefix, the default one under "".
    package var namespaceDeclarations: [(prefix: String, namespace: String)] {
        let dialback = self.declaresDialback ? [("db", Namespace.dialback)] : []
        return [("", self.contentNamespace), ("stream", Namespace.streams)] + dialback
    }
}
