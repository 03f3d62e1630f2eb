package import CloudModel

extension ImageReference {
    /// The image that the parameters `image`, `format`, `sha256`, … describe.
    package init(_ invocation: Invocation) throws(OperationError) {
        let name = try invocation.text("format")
        guard let format = Format(rawValue: name) else {
            throw OperationError(.badRequest, "format must be qcow2, raw or kernel; \(name.quoted) is not")
        }
        let initramfs = invocation["initramfs"]?.string
        let commandLine = invocation["command-line"]?.string
        if format != .kernel, initramfs != nil || commandLine != nil {
            throw OperationError(
                .badRequest, "initramfs and command-line go with format=kernel only",
                next: "add format=kernel, or leave them out")
        }
        let location = try invocation.text("image")
        self.init(
            format: format, location: location, sha256: invocation["sha256"]?.string, initramfs: initramfs,
            initramfsSHA256: invocation["initramfs-sha256"]?.string, commandLine: commandLine)
        try Self.check(location, self.sha256, called: "sha256")
        if let initramfs { try Self.check(initramfs, self.initramfsSHA256, called: "initramfs-sha256") }
    }

    private static func check(
        _ location: String, _ digest: String?, called name: String
    ) throws(OperationError) {
        guard let digest else {
            guard Self.needsChecksum(location) else { return }
            throw OperationError(
                .badRequest, "\(location.quoted) is no path on the site, so its checksum must be given",
                next: "add \(name)=… (64 hexadecimal digits)")
        }
        guard Self.isChecksum(digest) else {
            throw OperationError(.badRequest, "\(name) must be 64 digits of 0–9 and a–f")
        }
    }
}
