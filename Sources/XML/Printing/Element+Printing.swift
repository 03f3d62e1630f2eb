extension Element {
    /// This element as bytes, to be put where `defaultNamespace` and `prefixes` (by namespace) are in force.
    package func serialized(
        inheriting defaultNamespace: String = "", prefixes: [String: String] = [:]
    ) throws(PrintError) -> [UInt8] {
        var printer = XMLPrinter(inheriting: defaultNamespace, prefixes: prefixes)
        try printer.print(self)
        return printer.bytes
    }

    /// This element as text, to be put where `defaultNamespace` is in force.
    package func serializedText(inheriting defaultNamespace: String = "") throws(PrintError) -> String {
        String(decoding: try self.serialized(inheriting: defaultNamespace), as: UTF8.self)
    }
}
