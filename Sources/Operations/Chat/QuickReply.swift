/// An answer that a question suggests: what to write, and what a button for it says.
package struct QuickReply: Hashable, Sendable {
    package let text: String
    package let label: String

    package init(_ text: String, label: String) {
        self.text = text
        self.label = label
    }
}
