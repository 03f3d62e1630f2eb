/// What a stream of XML consists of, in the order it arrives.
package enum XMLEvent: Hashable, Sendable {
    /// The stream's root was opened; it has attributes and no children.
    case opened(Element)
    /// A child of the root is complete.
    case element(Element)
    /// The root was closed.
    case closed
}
