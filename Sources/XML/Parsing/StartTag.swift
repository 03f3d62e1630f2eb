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
        guard self.attributeCount > 0, let fields = unsafe self.attributeFields else { return [] }
        var attributes: [Element.Attribute] = []
        attributes.reserveCapacity(self.attributeCount)
        for index in 0..<self.attributeCount {
            let field = unsafe fields + index * Self.fieldsPerAttribute
            guard let name = unsafe field[0], let value = unsafe field[3], let end = unsafe field[4] else {
                continue
            }
            let bytes = unsafe UnsafeBufferPointer(start: value, count: end - value)
            attributes.append(
                Element.Attribute(
                    name: unsafe names.string(name),
                    namespace: unsafe field[2].map { unsafe names.string($0) } ?? "",
                    value: unsafe String(decoding: bytes, as: UTF8.self)))
        }
        return attributes
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
