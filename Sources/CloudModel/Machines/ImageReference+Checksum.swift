extension ImageReference {
    /// Whether `text` is a SHA-256 as `sha256sum` prints it: 64 digits of lower-case hexadecimal.
    package static func isChecksum(_ text: String) -> Bool {
        text.utf8.count == 64
            && text.utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "f"): true
                case _: false
                }
            }
    }

    /// Whether a file at `location` must come with its checksum: only a path on the site may go without.
    package static func needsChecksum(_ location: String) -> Bool {
        !location.hasPrefix("/")
    }

    /// The checksums of the files that it names.
    package var checksums: Set<String> {
        Set([self.sha256, self.initramfsSHA256].compactMap { $0 })
    }
}
