import XML
import XMPP

/// Prints what one kind of stream carries, under the namespaces that its header declares.
enum StreamWriter {
    private static let clientPrefixes = [Namespace.streams: "stream"]
    private static let serverPrefixes = [Namespace.streams: "stream", Namespace.dialback: "db"]

    /// The bytes of a first-level element; nil if it holds what XML cannot carry.
    static func bytes(of element: Element, contentNamespace: String) -> [UInt8]? {
        try? element.serialized(
            inheriting: contentNamespace, prefixes: Self.prefixes(contentNamespace: contentNamespace))
    }

    /// How many bytes a stanza has between servers; 0 if it cannot be sent at all.
    static func length(of stanza: Stanza) -> Int {
        let element = stanza.element(in: Namespace.server)
        return Self.bytes(of: element, contentNamespace: Namespace.server)?.count ?? 0
    }

    /// The XML declaration and the opening tag.
    static func bytes(of header: StreamHeader) -> [UInt8]? {
        var printer = XMLPrinter(
            inheriting: header.contentNamespace,
            prefixes: Self.prefixes(contentNamespace: header.contentNamespace))
        do {
            try printer.openStream(header.element)
        } catch {
            return nil
        }
        return printer.bytes
    }

    /// The closing tag.
    static let end = Array("</stream:stream>".utf8)

    private static func prefixes(contentNamespace: String) -> [String: String] {
        contentNamespace == Namespace.server ? Self.serverPrefixes : Self.clientPrefixes
    }
}
