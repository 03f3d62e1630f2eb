/// Writes elements as bytes, and refuses what would not come back as the same element.
///
/// An element whose namespace is not the inherited one declares it as the default for itself and its children. Only
/// namespaces for which the stream header declared a prefix are written with one: server dialback requires it
/// (XEP-0220 §2).
package struct XMLPrinter {
    package static let xmlNamespace = "http://www.w3.org/XML/1998/namespace"
    static let declaration = "<?xml version='1.0'?>"

    /// What was written so far.
    package private(set) var bytes: [UInt8] = []

    private let defaultNamespace: String
    private let prefixes: [String: String]

    /// - Parameters:
    ///   - defaultNamespace: the `xmlns` in force where the output goes.
    ///   - prefixes: by namespace, the prefixes declared where the output goes.
    package init(inheriting defaultNamespace: String = "", prefixes: [String: String] = [:]) {
        self.defaultNamespace = defaultNamespace
        self.prefixes = prefixes
    }

    /// Writes `element` whole, or throws and writes nothing.
    package mutating func print(_ element: Element) throws(PrintError) {
        let length = self.bytes.count
        do {
            try self.write(element, inheriting: self.defaultNamespace)
        } catch {
            self.bytes.removeSubrange(length...)
            throw error
        }
    }

    /// Writes the XML declaration and the start tag of a stream, declaring what this printer was told is in force.
    ///
    /// `root`'s children are not written.
    package mutating func openStream(_ root: Element) throws(PrintError) {
        let length = self.bytes.count
        do {
            self.bytes += Self.declaration.utf8
            self.bytes += "<".utf8
            try self.writeName(of: root)
            try self.writeDeclaration(prefix: nil, namespace: self.defaultNamespace)
            for (namespace, prefix) in self.prefixes.sorted(by: { $0.value < $1.value }) {
                try self.writeDeclaration(prefix: prefix, namespace: namespace)
            }
            try self.writeAttributes(of: root)
            self.bytes += ">".utf8
        } catch {
            self.bytes.removeSubrange(length...)
            throw error
        }
    }

    /// Writes the end tag of a stream that `openStream` began.
    package mutating func closeStream(_ root: Element) throws(PrintError) {
        let length = self.bytes.count
        do {
            self.bytes += "</".utf8
            try self.writeName(of: root)
            self.bytes += ">".utf8
        } catch {
            self.bytes.removeSubrange(length...)
            throw error
        }
    }
}

// MARK: Parts

extension XMLPrinter {
    private mutating func write(_ element: Element, inheriting inherited: String) throws(PrintError) {
        let isPrefixed = element.namespace != inherited && self.prefixes[element.namespace] != nil
        let start = self.bytes.count
        self.bytes += "<".utf8
        if isPrefixed { try self.writeName(of: element) } else { try self.write(name: element.name) }
        let name = self.bytes[(start + 1)...]
        if !isPrefixed && element.namespace != inherited {
            try self.writeDeclaration(prefix: nil, namespace: element.namespace)
        }
        try self.writeAttributes(of: element)
        guard !element.children.isEmpty else {
            self.bytes += "/>".utf8
            return
        }
        self.bytes += ">".utf8
        for child in element.children {
            switch child {
            case .text(let text): try self.write(text: text, isAttribute: false)
            case .element(let child):
                try self.write(child, inheriting: isPrefixed ? inherited : element.namespace)
            }
        }
        self.bytes += "</".utf8
        self.bytes += name
        self.bytes += ">".utf8
    }

    private mutating func writeName(of element: Element) throws(PrintError) {
        if let prefix = self.prefixes[element.namespace] {
            try self.write(name: prefix)
            self.bytes += ":".utf8
        }
        try self.write(name: element.name)
    }

    private mutating func writeAttributes(of element: Element) throws(PrintError) {
        for (index, attribute) in element.attributes.enumerated() {
            let isRepeated = element.attributes[..<index].contains {
                $0.name == attribute.name && $0.namespace == attribute.namespace
            }
            guard !isRepeated else { throw .repeatedAttribute(attribute.name) }
            guard attribute.name != "xmlns" else { throw .malformedName(attribute.name) }
            self.bytes += " ".utf8
            if attribute.namespace == Self.xmlNamespace {
                self.bytes += "xml:".utf8
            } else if !attribute.namespace.isEmpty {
                // A prefix of the element's own: what the stream header declares is for elements.
                let prefix = "a\(index)"
                self.bytes.removeLast()
                try self.writeDeclaration(prefix: prefix, namespace: attribute.namespace)
                self.bytes += " \(prefix):".utf8
            }
            try self.write(name: attribute.name)
            self.bytes += "='".utf8
            try self.write(text: attribute.value, isAttribute: true)
            self.bytes += "'".utf8
        }
    }

    private mutating func writeDeclaration(prefix: String?, namespace: String) throws(PrintError) {
        self.bytes += " xmlns".utf8
        if let prefix {
            self.bytes += ":".utf8
            try self.write(name: prefix)
        }
        self.bytes += "='".utf8
        try self.write(text: namespace, isAttribute: true)
        self.bytes += "'".utf8
    }

    private mutating func write(name: String) throws(PrintError) {
        guard XMLName.isValid(name) else { throw .malformedName(name) }
        self.bytes += name.utf8
    }

    private mutating func write(text: String, isAttribute: Bool) throws(PrintError) {
        if let scalar = XMLEscaping.forbiddenCharacter(in: text) { throw .forbiddenCharacter(scalar) }
        XMLEscaping.append(text, to: &self.bytes, isAttribute: isAttribute)
    }
}
