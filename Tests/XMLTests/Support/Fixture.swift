import Foundation
import Testing

/// A file of this test target, named by its folder and file name.
struct Fixture: CustomTestStringConvertible, Sendable {
    let folder: String
    let name: String
    let bytes: [UInt8]

    var testDescription: String { "\(self.folder)/\(self.name)" }

    /// Everything below `folder`, sorted by path.
    static func all(in folder: String) -> [Fixture] {
        let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        let directory = root.appending(path: folder)
        let paths = (FileManager.default.subpaths(atPath: directory.path()) ?? []).sorted()
        return paths.compactMap { path in
            let file = directory.appending(path: path)
            guard !file.hasDirectoryPath, let content = FileManager.default.contents(atPath: file.path())
            else {
                return nil
            }
            return Fixture(
                folder: file.deletingLastPathComponent().lastPathComponent, name: file.lastPathComponent,
                bytes: Array(content))
        }
    }
}
