/// Prepares the part after the `/` (RFC 7622 §3.4: OpaqueString).
package enum Resourcepart {
    /// The prepared form of `text`, or why there is none.
    package static func prepare(_ text: Substring) throws(JIDError) -> String {
        guard !text.isEmpty else { throw .empty(.resource) }
        guard text.utf8.count <= JID.longestText else { throw .tooLong(.resource) }
        let isASCII = text.utf8.allSatisfy { $0 < 0x80 }
        guard isASCII else {
            guard let prepared = OpaqueString.prepare(text) else { throw .forbidden(.resource) }
            guard prepared.utf8.count <= JID.longestPart else { throw .tooLong(.resource) }
            return prepared
        }
        guard text.utf8.allSatisfy({ $0 >= 0x20 && $0 < 0x7F }) else { throw .forbidden(.resource) }
        guard text.utf8.count <= JID.longestPart else { throw .tooLong(.resource) }
        return String(text)
    }
}
