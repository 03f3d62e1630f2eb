import Foundation
import Testing
import XML

#if canImport(FoundationXML)
    import FoundationXML
#endif

/// The files of `Golden`: each an example of the protocol's documentation and a test of its reader and writer.
enum GoldenFile {
    static let folder = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Golden")
    static let schema = URL(filePath: #filePath).deletingLastPathComponent()
        .appending(path: "../../Sources/Federation/Federation.docc/federation.rng").standardized

    static func names() throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: self.folder.path).filter { $0.hasSuffix(".xml") }
            .sorted()
    }

    /// The element of `<name>.xml` without the white space that only indents.
    static func element(_ name: String) throws -> Element {
        let url = self.folder.appending(path: name + ".xml")
        let reader = ElementBuilder()
        let parser = XMLParser(data: try Data(contentsOf: url))
        parser.shouldProcessNamespaces = true
        parser.delegate = reader
        try #require(parser.parse(), "\(url.lastPathComponent): \(String(describing: parser.parserError))")
        return try #require(reader.root)
    }
}

/// Builds elements with a parser that is not ours, so that both sides of a golden file do not share a mistake.
private final class ElementBuilder: NSObject, XMLParserDelegate {
    var root: Element?
    private var open: [Element] = []

    func parser(
        _ parser: XMLParser, didStartElement name: String, namespaceURI: String?, qualifiedName: String?,
        attributes: [String: String]
    ) {
        let sorted = attributes.filter { !$0.key.hasPrefix("xmlns") }.sorted { $0.key < $1.key }
        self.open.append(
            Element(
                name, namespace: namespaceURI ?? "",
                attributes: sorted.map { Element.Attribute(name: $0.key, value: $0.value) }))
    }

    func parser(_ parser: XMLParser, foundCharacters text: String) {
        guard var element = self.open.popLast() else { return }
        if case .text(let before)? = element.children.last {
            element.children[element.children.count - 1] = .text(before + text)
        } else {
            element.children.append(.text(text))
        }
        self.open.append(element)
    }

    func parser(
        _ parser: XMLParser, didEndElement name: String, namespaceURI: String?, qualifiedName: String?
    ) {
        guard var element = self.open.popLast() else { return }
        if !element.elements.isEmpty { element.children = element.elements.map(Element.Node.element) }
        guard var parent = self.open.popLast() else {
            self.root = element
            return
        }
        parent.append(element)
        self.open.append(parent)
    }
}

extension Element {
    /// The same element with the attributes everywhere in order of their names, which means nothing in XML.
    var sortingAttributes: Element {
        var copy = self
        copy.attributes.sort { $0.name < $1.name }
        copy.children = copy.children.map { node in
            switch node {
            case .element(let element): .element(element.sortingAttributes)
            case .text: node
            }
        }
        return copy
    }
}
