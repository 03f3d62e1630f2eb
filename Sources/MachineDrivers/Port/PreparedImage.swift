/// An image whose files lie on this host and have passed their checksums.
package enum PreparedImage: Hashable, Sendable {
    /// A disk that machines write over, never into.
    case disk(path: String, format: DiskFormat)
    case kernel(path: String, initramfs: String?, commandLine: String?)

    package enum DiskFormat: String, Hashable, Sendable {
        case qcow2
        case raw
    }
}
