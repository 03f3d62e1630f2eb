/// By how much archives have grown since they were last looked after, and which are due for it.
///
/// A value. Weighing an archive means reading all of it, so it is done seldom: when it first grows, for nothing is known
/// of it then, and whenever it has grown by so many bytes.
package struct ArchiveGrowth: Hashable, Sendable {
    /// The archives that are to be trimmed now, in order.
    package struct Due: Hashable, Sendable {
        /// To their number of messages.
        package var counted: [String] = []
        /// To their bytes.
        package var weighed: [String] = []
    }

    private struct Growth: Hashable {
        var messages = 0
        /// Nil if the archive was never weighed.
        var bytes: Int?
    }

    private let limits: ArchiveLimits
    private var archives: [String: Growth] = [:]
    /// Those that may be due.
    private var changed: Set<String> = []

    package init(limits: ArchiveLimits) {
        self.limits = limits
    }

    /// A message of so many bytes was added.
    package mutating func note(_ bytes: Int, in archive: String) {
        self.archives[archive, default: Growth()].messages += 1
        self.archives[archive]?.bytes? += bytes
        self.changed.insert(archive)
    }

    /// Those that are due; they begin to grow anew.
    package mutating func take() -> Due {
        var due = Due()
        for archive in self.changed.sorted() {
            guard var growth = self.archives[archive] else { continue }
            if growth.messages >= self.limits.slack {
                due.counted.append(archive)
                growth.messages = 0
            }
            if growth.bytes.map({ $0 >= self.limits.slackBytes }) ?? true {
                due.weighed.append(archive)
                growth.bytes = 0
            }
            self.archives[archive] = growth
        }
        self.changed = []
        return due
    }
}
