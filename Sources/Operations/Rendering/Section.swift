/// One part of how people see a result: which values, under which titles, in which form.
package enum Section: Hashable, Sendable {
    /// A value that is shown: a title and the dotted path to it.
    package struct Field: Hashable, Sendable {
        package let title: String
        package let path: String
        package let form: Form

        package init(_ title: String, _ path: String, _ form: Form = .plain) {
            self.title = title
            self.path = path
            self.form = form
        }
    }

    /// How a value reads.
    package enum Form: Hashable, Sendable {
        case plain
        /// Milliseconds since 1970 as a date in UTC.
        case time
        /// Mebibytes as `4 GiB`.
        case size
        /// 0…1 as `25 %`.
        case share
        /// With one digit after the point.
        case decimal
        /// A list of numbers as small bars.
        case sparkline
    }

    /// One of the two ends of a text.
    package enum Edge: Hashable, Sendable {
        case head, tail
    }

    /// One thing: a line for each field.
    case record([Field])
    /// The list at `path` (the whole value if empty): a line for each element; `none` is said of an empty
    /// list.
    case table(path: String, [Field], none: String)
    /// The text at `path` as it is; `newest` is where its newest lines are, which are kept if it is cut.
    case text(path: String, newest: Edge = .head)
    /// The value as a `FindingReport`, with marks and cures.
    case findings
    /// Whatever the value holds, laid out from its own names.
    case automatic
}
