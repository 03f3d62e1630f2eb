package import XMPP

/// Which documents each account has and how large they are; what is in them is on disk only.
package struct Documents: Hashable, Sendable {
    /// A document as it is to be written.
    package struct Draft: Hashable, Sendable {
        package let name: DocumentName
        package let text: String

        package init(name: DocumentName, text: String) {
            self.name = name
            self.text = text
        }
    }

    package let limits: DocumentLimits
    private var sizes: [JID: [DocumentName: Int]] = [:]

    package init(limits: DocumentLimits = DocumentLimits()) {
        self.limits = limits
    }

    package func has(_ name: DocumentName, of account: JID) -> Bool {
        self.sizes[account]?[name] != nil
    }

    /// Whether the drafts fit, taken together with what is there and not replaced.
    package func check(_ drafts: [Draft], of account: JID) throws(StanzaError) {
        var sizes = self.sizes[account] ?? [:]
        for draft in drafts {
            let bytes = draft.text.utf8.count
            guard bytes <= self.limits.bytes else {
                throw StanzaError(
                    .policyViolation, text: "\(bytes) bytes are too many: \(self.limits.bytes) may be stored")
            }
            sizes[draft.name] = bytes
        }
        guard sizes.count <= self.limits.documents else {
            throw StanzaError(
                .resourceConstraint, text: "no more than \(self.limits.documents) documents can be stored")
        }
        guard sizes.values.reduce(0, +) <= self.limits.bytesPerAccount else {
            throw StanzaError(
                .resourceConstraint,
                text: "no more than \(self.limits.bytesPerAccount) bytes can be stored for an account")
        }
    }

    /// Records what is on disk now.
    package mutating func note(_ name: DocumentName, bytes: Int, of account: JID) {
        self.sizes[account, default: [:]][name] = bytes
    }

    package mutating func forget(_ account: JID) { self.sizes[account] = nil }
}
