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
        Element.Attribute(
            name: self.name(index, names: &names), namespace: self.namespace(index, names: &names),
            value: self.value(index))
    }

    private func name(_ index: Int, names: inout NameCache) -> String {
        guard let name = unsafe self.attributeFields?[index * Self.fieldsPerAttribute] else { return "" }
        return unsafe names.string(name)
    }

    private func namespace(_ index: Int, names: inout NameCache) -> String {
        guard let name = unsafe self.attributeFields?[index * Self.fieldsPerAttribute + 2] else { return "" }
        return unsafe names.string(name)
    }

    private func value(_ index: Int) -> String {
        guard let fields = unsafe self.attributeFields else { return "" }
        let field = unsafe fields + index * Self.fieldsPerAttribute
        guard let start = unsafe field[3], let end = unsafe field[4] else { return "" }
        return unsafe String(copying: UnsafeBufferPointer(start: start, count: end - start))
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
