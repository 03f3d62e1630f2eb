/// What a machine boots from, and how to prove that it is the right thing.
package struct ImageReference: Hashable, Codable, Sendable {
    package enum Format: String, Hashable, Codable, Sendable, CaseIterable {
        /// A disk in qcow2 format; each machine writes to an overlay of its own.
        case qcow2
        /// A disk byte for byte.
        case raw
        /// A Linux kernel booted directly, with `initramfs` beside it.
        case kernel
    }

    package var format: Format
    /// A path on the site's file system, or an `http:`/`https:` URL.
    package var location: String
    /// SHA-256 of the file in lower-case hexadecimal; required when `location` is a URL.
    package var sha256: String?
    /// Only for `kernel`: path or URL of the initial file system, and its SHA-256.
    package var initramfs: String?
    package var initramfsSHA256: String?
    /// Only for `kernel`: the kernel's command line.
    package var commandLine: String?

    package init(
        format: Format, location: String, sha256: String? = nil, initramfs: String? = nil,
        initramfsSHA256: String? = nil, commandLine: String? = nil
    ) {
        self.format = format
        self.location = location
        self.sha256 = sha256
        self.initramfs = initramfs
        self.initramfsSHA256 = initramfsSHA256
        self.commandLine = commandLine
    }
}
