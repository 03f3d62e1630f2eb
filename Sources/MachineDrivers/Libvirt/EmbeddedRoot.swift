import Foundation

/// The directory tree of an embedded QEMU driver.
enum EmbeddedRoot {
    /// Makes `root` and the settings without which the driver looks for daemons that are not there.
    static func prepare(_ root: String, guestUser: String?) throws(DriverError) {
        guard root.hasPrefix("/"), !root.contains(where: { "?#%& ".contains($0) }) else {
            throw .failed(
                attempt: "prepare \(root)",
                reason: "the root of an embedded driver must be an absolute path without ? # % & or spaces")
        }
        guard root.utf8.count <= LibvirtConfiguration.rootLengthLimit else {
            throw .failed(
                attempt: "prepare \(root)",
                reason: "the path is longer than \(LibvirtConfiguration.rootLengthLimit) bytes; "
                    + "the sockets below it would not fit")
        }
        var settings = [
            #"# Written by tradewind at each start."#,
            // Otherwise it looks for virtlogd.
            #"stdio_handler = "file""#,
            // A file of a guest that died unseen would stay "in use".
            "remember_owner = 0",
        ]
        if let guestUser {
            settings.append(#"user = "\#(guestUser)""#)
            settings.append(#"group = "\#(guestUser)""#)
        }
        let contents = settings.joined(separator: "\n") + "\n"
        let files = FileManager.default
        do {
            try files.createDirectory(
                atPath: root + "/etc", withIntermediateDirectories: true,
                attributes: [.posixPermissions: 0o755])
            try files.createDirectory(
                atPath: root + "/log", withIntermediateDirectories: true,
                attributes: [.posixPermissions: 0o755])
            try Data(contents.utf8).write(to: URL(fileURLWithPath: root + "/etc/qemu.conf"), options: .atomic)
        } catch {
            throw .failed(attempt: "prepare \(root)", reason: error.localizedDescription)
        }
        // Otherwise the driver's own log goes to our standard error. Read once, when libvirt is first used.
        unsafe _ = setenv("LIBVIRT_LOG_OUTPUTS", "3:file:\(root)/log/libvirt.log", 0)
    }
}
