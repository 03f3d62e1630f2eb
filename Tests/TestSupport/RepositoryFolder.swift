package import Foundation

/// The folder of this repository, for tests of what is written in it.
package enum RepositoryFolder {
    package static let root = URL(filePath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

    /// The text of the file at `path`, from the root.
    package static func text(of path: String) throws -> String {
        try String(contentsOf: self.root.appending(path: path), encoding: .utf8)
    }
}
