/// How an agent looks at the host it runs on; tests give it texts of their own.
package struct LoadReader: Sendable {
    /// The space of the file system that machines' disks lie in, in bytes.
    package struct Space: Hashable, Sendable {
        package var total: UInt64
        package var free: UInt64

        package init(total: UInt64, free: UInt64) {
            self.total = total
            self.free = free
        }
    }

    /// The text of a file of the kernel's, such as `/proc/stat`; nil if there is none.
    package var file: @Sendable (_ path: String) -> String?
    package var space: @Sendable () -> Space?

    package init(file: @escaping @Sendable (String) -> String?, space: @escaping @Sendable () -> Space?) {
        self.file = file
        self.space = space
    }

    /// For an agent whose machines are not on the host it runs on: it tells what its driver says of the hosts.
    package static let none = Self(file: { _ in nil }, space: { nil })
}
