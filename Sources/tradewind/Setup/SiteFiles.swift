import Foundation
import Operations

/// The files of one folder, written with the right permissions from their first moment.
struct SiteFiles {
    private let directory: URL

    init(directory: String) {
        self.directory = URL(filePath: directory, directoryHint: .isDirectory)
    }

    func path(_ name: String) -> String { self.directory.appending(path: name).path }

    func has(_ name: String) -> Bool { FileManager.default.fileExists(atPath: self.path(name)) }

    func makeFolder(_ name: String) throws(OperationError) {
        let path = name.isEmpty ? self.directory.path : self.path(name)
        do {
            try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        } catch {
            throw OperationError(.unavailable, "\(path) cannot be made: \(error.localizedDescription)")
        }
    }

    /// Writes a file; only its owner can read it if it is secret.
    func write(_ text: String, to name: String, isSecret: Bool) throws(OperationError) {
        let isWritten = FileManager.default.createFile(
            atPath: self.path(name), contents: Data(text.utf8),
            attributes: [.posixPermissions: isSecret ? 0o600 : 0o644])
        guard isWritten else {
            throw OperationError(
                .unavailable, "\(self.path(name)) cannot be written", next: "look at its folder")
        }
    }

    static func read(_ path: String) throws(OperationError) -> String {
        do {
            return try String(contentsOfFile: path, encoding: .utf8)
        } catch {
            throw OperationError(.notFound, "\(path) cannot be read: \(error.localizedDescription)")
        }
    }
}
