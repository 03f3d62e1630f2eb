import Foundation
import Glibc

extension LoadReader {
    /// The host that this process runs on, with machines' disks below `root`.
    package static func system(root: String) -> Self {
        Self(file: Self.text, space: { Self.space(of: root) })
    }

    /// The files are the kernel's: reading them never waits for a disk.
    private static func text(of path: String) -> String? {
        do {
            return try String(contentsOfFile: path, encoding: .utf8)
        } catch {
            // This kernel does not measure that; what nobody measures is not told.
            return nil
        }
    }

    private static func space(of root: String) -> Space? {
        var status = statvfs()
        guard unsafe statvfs(root, &status) == 0 else { return nil }
        let unit = UInt64(status.f_frsize)
        return Space(total: UInt64(status.f_blocks) * unit, free: UInt64(status.f_bavail) * unit)
    }
}
