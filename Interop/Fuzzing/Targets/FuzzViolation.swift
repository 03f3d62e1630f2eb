/// What an input has shown to be wrong.
package struct FuzzViolation: Error, CustomStringConvertible {
    package let description: String

    init(_ description: String) {
        self.description = description
    }

    /// Throws unless `condition` holds.
    static func unless(
        _ condition: Bool, _ description: @autoclosure () -> String
    ) throws(FuzzViolation) {
        if !condition { throw FuzzViolation(description()) }
    }
}
