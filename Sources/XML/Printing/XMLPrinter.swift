/// Writes elements as bytes, and refuses what would not come back as the same element.
///
/// An element whose namespace is not the inherited one declares it as the default for itself and its children. Only
/// namespaces for which the stream header declared a prefix are written with one: server dialback requires it
/// (XEP-0220 §2).
package struct XMLPrinter {
    package static let xmlNamespace = "http://www.w3.org/XML/1998/namespace"
    static let declaration = "<?xml version='1.0'?>"

    /// Room for an ordinary stanza, so that its bytes need not move while it is written.
    private static let usualBytes = 512

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
        if length == 0 { self.bytes.reserveCapacity(Self.usualBytes) }
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
        let isInherited = element.namespace == inherited
        let prefix = isInherited ? nil : self.prefixes[element.namespace]
        self.bytes.append(UInt8(ascii: "<"))
        let nameStart = self.bytes.count
        try self.write(prefix: prefix)
        try self.write(name: element.name)
        let nameEnd = self.bytes.count
        if !isInherited && prefix == nil {
            try self.writeDeclaration(prefix: nil, namespace: element.namespace)
        }
        try self.writeAttributes(of: element)
        guard !element.children.isEmpty else {
            self.bytes.append(UInt8(ascii: "/"))
            self.bytes.append(UInt8(ascii: ">"))
            return
        }
        self.bytes.append(UInt8(ascii: ">"))
        for child in element.children {
            switch child {
            case .text(let text): try self.write(text: text, isAttribute: false)
            case .element(let child):
                try self.write(child, inheriting: prefix == nil ? element.namespace : inherited)
            }
        }
        self.bytes.append(UInt8(ascii: "<"))
        self.bytes.append(UInt8(ascii: "/"))
        // Byte by byte: a slice would share the array, and the next byte written would copy all that was.
        for index in nameStart..<nameEnd { self.bytes.append(self.bytes[index]) }
        self.bytes.append(UInt8(ascii: ">"))
    }

    private mutating func writeName(of element: Element) throws(PrintError) {
        try self.write(prefix: self.prefixes[element.namespace])
        try self.write(name: element.name)
    }

    private mutating func write(prefix: String?) throws(PrintError) {
        guard let prefix else { return }
        try self.write(name: prefix)
        self.bytes.append(UInt8(ascii: ":"))
    }

    private mutating func writeAttributes(of element: Element) throws(PrintError) {
        for (index, attribute) in element.attributes.enumerated() {
            let isRepeated = element.attributes[..<index].contains {
                $0.name == attribute.name && $0.namespace == attribute.namespace
            }
            guard !isRepeated else { throw .repeatedAttribute(attribute.name) }
            guard attribute.name != "xmlns" else { throw .malformedName(attribute.name) }
            if attribute.namespace.isEmpty {
                self.bytes.append(UInt8(ascii: " "))
            } else if attribute.namespace == Self.xmlNamespace {
                self.bytes += " xml:".utf8
            } else {
                // A prefix of the element's own: what the stream header declares is for elements.
                let prefix = "a\(index)"
                try self.writeDeclaration(prefix: prefix, namespace: attribute.namespace)
                self.bytes += " \(prefix):".utf8
            }
            try self.write(name: attribute.name)
            try self.write(value: attribute.value)
        }
    }

    private mutating func writeDeclaration(prefix: String?, namespace: String) throws(PrintError) {
        self.bytes += " xmlns".utf8
        if let prefix {
            self.bytes.append(UInt8(ascii: ":"))
            try self.write(name: prefix)
        }
        try self.write(value: namespace)
    }

    private mutating func write(value: String) throws(PrintError) {
        self.bytes.append(UInt8(ascii: "="))
        self.bytes.append(UInt8(ascii: "'"))
        try self.write(text: value, isAttribute: true)
        self.bytes.append(UInt8(ascii: "'"))
    }

    private mutating func write(name: String) throws(PrintError) {
        guard XMLName.isValid(name) else { throw .malformedName(name) }
        self.bytes.append(contentsOf: name.utf8)
    }

    private mutating func write(text: String, isAttribute: Bool) throws(PrintError) {
        guard XMLEscaping.mayNeedCare(text) else {
            self.bytes.append(contentsOf: text.utf8)
            return
        }
        if let scalar = XMLEscaping.forbiddenCharacter(in: text) { throw .forbiddenCharacter(scalar) }
        XMLEscaping.append(text, to: &self.bytes, isAttribute: isAttribute)
    }
}
