extension JID {
    /// The characters a local part may not hold and how they are written instead (XEP-0106 §2), `\` aside.
    private static let escapes: [(character: Character, code: String)] = [
        (" ", "20"), ("\"", "22"), ("&", "26"), ("'", "27"), ("/", "2f"), (":", "3a"), ("<", "3c"),
        (">", "3e"),
        ("@", "40"),
    ]

    private static let escapedBackslash = "5c"

    /// Writes any name, a machine's or a foreign user's, so that it can be a local part (XEP-0106).
    ///
    /// Nil if the name is empty or starts or ends with a space, which have no escaped form.
    package static func escapedLocal(_ name: String) -> String? {
        guard let first = name.first, let last = name.last, first != " ", last != " " else { return nil }
        var result = ""
        var rest = name[...]
        while let character = rest.popFirst() {
            if let escape = Self.escapes.first(where: { $0.character == character }) {
                result += "\\" + escape.code
            } else if character == "\\", Self.startsWithCode(rest) {
                result += "\\" + Self.escapedBackslash
            } else {
                result.append(character)
            }
        }
        return result
    }

    /// The name that was escaped (XEP-0106); a backslash that starts no escape is kept.
    ///
    /// An escaped space at either end is kept as it is, for the escaping could not have made it.
    package static func unescapedLocal(_ local: String) -> String {
        var result = ""
        var rest = local[...]
        while let character = rest.popFirst() {
            guard character == "\\" else {
                result.append(character)
                continue
            }
            let code = rest.prefix(2)
            let isAtEnd = result.isEmpty || rest.count == 2
            if code == Self.escapedBackslash {
                result.append("\\")
                rest = rest.dropFirst(2)
            } else if let escape = Self.escapes.first(where: { $0.code == code }), code != "20" || !isAtEnd {
                result.append(escape.character)
                rest = rest.dropFirst(2)
            } else {
                result.append(character)
            }
        }
        return result
    }

    private static func startsWithCode(_ text: Substring) -> Bool {
        let code = text.prefix(2)
        return code == Self.escapedBackslash || Self.escapes.contains { $0.code == code }
    }
}
