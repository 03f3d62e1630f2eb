/// How much an account may put down here: its vCard and its private data.
package struct DocumentLimits: Hashable, Sendable {
    /// Bytes of one document as XML; beyond it, `policy-violation`.
    package var bytes: Int
    /// Documents of one account; beyond it, `resource-constraint`.
    package var documents: Int
    /// Bytes of all documents of one account; beyond it, `resource-constraint`.
    package var bytesPerAccount: Int

    package init(bytes: Int = 65_536, documents: Int = 100, bytesPerAccount: Int = 1_048_576) {
        self.bytes = bytes
        self.documents = documents
        self.bytesPerAccount = bytesPerAccount
    }
}
