import Foundation
import Operations

/// A document that the command line names by its file: `document=@shop.yaml`.
enum DocumentFile {
    /// The arguments with each `@FILE` of a document replaced by what the file holds.
    static func read(
        _ arguments: [String: Value], of operation: Operations.Operation
    ) throws(OperationError) -> [String: Value] {
        var arguments = arguments
        for parameter in operation.parameters where parameter.kind == .document {
            guard let text = arguments[parameter.name]?.string, text.hasPrefix("@") else { continue }
            arguments[parameter.name] = .string(try self.contents(of: String(text.dropFirst())))
        }
        return arguments
    }

    private static func contents(of path: String) throws(OperationError) -> String {
        let content: Data?
        do {
            let file = try FileHandle(forReadingFrom: URL(filePath: path))
            // One byte more than is taken, to tell a file that is too large without reading all of it.
            content = try file.read(upToCount: DocumentLimits.bytes + 1)
        } catch {
            throw OperationError(
                .badRequest, "the file \(path) cannot be read: \(error.localizedDescription)",
                next: "name a file that is there: @shop.yaml")
        }
        guard let content, !content.isEmpty else {
            throw OperationError(
                .badRequest, "the file \(path) is empty", next: "write “application: NAME” and “parts:”")
        }
        guard content.count <= DocumentLimits.bytes else {
            throw OperationError(
                .tooLarge, "the file \(path) has more than \(DocumentLimits.bytes) bytes",
                next: "leave out comments, or make two applications of it")
        }
        guard let text = String(validating: content, as: UTF8.self) else {
            throw OperationError(.badRequest, "the file \(path) is no UTF-8 text", next: "save it as UTF-8")
        }
        return text
    }
}
