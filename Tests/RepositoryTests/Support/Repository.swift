import Foundation
import TestSupport

/// The files of this repository.
enum Repository {
    static let root = RepositoryFolder.root

    static let sources = Self.swiftFiles(below: "Sources")
    static let tests = Self.swiftFiles(below: "Tests")

    /// Paths from the root of all files below `folder`, sorted.
    static func paths(below folder: String) -> [String] {
        let found = FileManager.default.subpaths(atPath: self.root.appending(path: folder).path()) ?? []
        return found.sorted().map { "\(folder)/\($0)" }
    }

    private static func swiftFiles(below folder: String) -> [SourceFile] {
        self.paths(below: folder).filter { $0.hasSuffix(".swift") }.compactMap { path in
            FileManager.default.contents(atPath: self.root.appending(path: path).path())
                .map { SourceFile(path: path, text: String(decoding: $0, as: UTF8.self)) }
        }
    }
}
