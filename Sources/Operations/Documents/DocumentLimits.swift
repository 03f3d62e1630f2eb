/// How large a document may be.
package enum DocumentLimits {
    /// Bytes of UTF-8, or of the JSON that an object makes.
    package static let bytes = 65_536
    /// Levels of groups and lists inside each other.
    package static let depth = 8
}
