extension Element {
    /// Reads a whole document: a golden file, a stored stanza, what libvirt says about a machine.
    ///
    /// The same parser and the same rules as for streams, except that comments are passed over.
    package init(parsing bytes: [UInt8], limits: XMLLimits = .document) throws(ParseError) {
        let parser = XMLStreamParser(mode: .document, limits: limits)
        parser.feed(bytes)
        parser.finish()
        guard case .element(let root) = try parser.next() else { throw .incomplete }
        if try parser.next() != nil { throw .incomplete }
        self = root
    }

    /// Reads a whole document that is at hand as text.
    package init(parsing text: String, limits: XMLLimits = .document) throws(ParseError) {
        try self.init(parsing: Array(text.utf8), limits: limits)
    }

    /// This element without the white space that indents child elements; text beside it is kept.
    package var withoutIndentation: Element {
        var copy = self
        let holdsElements = self.children.contains { node in
            switch node {
            case .element: true
            case .text: false
            }
        }
        copy.children = self.children.compactMap { node in
            switch node {
            case .element(let element): .element(element.withoutIndentation)
            case .text(let text): holdsElements && text.allSatisfy(\.isWhitespace) ? nil : node
            }
        }
        return copy
    }
}
