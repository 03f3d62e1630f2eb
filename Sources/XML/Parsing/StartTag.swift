/// A start tag as libxml2 hands it over: borrowed C strings, valid during the callback only.
@safe struct StartTag {
    private static let fieldsPerAttribute = 5

    let name: UnsafePointer<UInt8>
    let prefix: UnsafePointer<UInt8>?
    let namespace: UnsafePointer<UInt8>?
    let namespaceCount: Int
    /// Pairs of prefix and namespace name.
    let namespaces: UnsafeMutablePointer<UnsafePointer<UInt8>?>?
    let attributeCount: Int
    /// Five pointers for each: local name, prefix, namespace, first byte of the value, byte after its last.
    let attributeFields: UnsafeMutablePointer<UnsafePointer<UInt8>?>?

    func attributes(names: inout NameCache) -> [Element.Attribute] {
        // An array literal is made with one allocation of its exact size, without a look at capacities.
        switch self.attributeCount {
        case ...0:
            return []
        case 1:
            return [self.attribute(0, names: &names)]
        case 2:
            return [self.attribute(0, names: &names), self.attribute(1, names: &names)]
        case 3:
            return [
                self.attribute(0, names: &names), self.attribute(1, names: &names),
                self.attribute(2, names: &names),
            ]
        case 4:
            return [
                self.attribute(0, names: &names), self.attribute(1, names: &names),
                self.attribute(2, names: &names), self.attribute(3, names: &names),
            ]
        case let count:
            return (0..<count).map { self.attribute($0, names: &names) }
        }
    }

    @inline(__always)
    private func attribute(_ index: Int, names: inout NameCache) -> Element.Attribute {
        guard let fields = unsafe self.attributeFields else { return Element.Attribute(name: "", value: "") }
        let field = unsafe fields + index * Self.fieldsPerAttribute
        let name = if let name = unsafe field[0] { unsafe names.string(name) } else { "" }
        let value: String =
            if let start = unsafe field[3], let end = unsafe field[4] {
                unsafe String(copying: UnsafeBufferPointer(start: start, count: end - start))
            } else {
                ""
            }
        guard let namespace = unsafe field[2] else { return Element.Attribute(name: name, value: value) }
        return Element.Attribute(name: name, namespace: unsafe names.string(namespace), value: value)
    }

    /// The namespaces this tag declares, by prefix; the default one under "".
    func declarations() -> [String: String] {
        var declarations: [String: String] = [:]
        for index in 0..<self.namespaceCount {
            guard let uri = unsafe self.namespaces?[2 * index + 1] else { continue }
            declarations[unsafe self.namespaces?[2 * index].map { unsafe Self.text($0) } ?? ""] =
                unsafe Self.text(uri)
        }
        return declarations
    }

    /// This tag with its namespace declarations and without its attributes.
    func withNamespacesOnly() -> [UInt8] {
        var tag: [UInt8] = Array("<".utf8)
        if let prefix = unsafe self.prefix { tag += unsafe "\(Self.text(prefix)):".utf8 }
        tag += unsafe Self.text(self.name).utf8
        for index in 0..<self.namespaceCount {
            guard let uri = unsafe self.namespaces?[2 * index + 1] else { continue }
            tag += " xmlns".utf8
            if let prefix = unsafe self.namespaces?[2 * index] { tag += unsafe ":\(Self.text(prefix))".utf8 }
            tag += "='".utf8
            unsafe XMLEscaping.append(Self.text(uri), to: &tag, isAttribute: true)
            tag += "'".utf8
        }
        return tag + ">".utf8
    }

    private static func text(_ pointer: UnsafePointer<UInt8>) -> String {
        unsafe String(cString: pointer)
    }
}
