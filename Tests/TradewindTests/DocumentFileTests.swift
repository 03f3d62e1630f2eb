import Foundation
import Operations
import Testing

@testable import tradewind

@Suite("Documents in files")
struct DocumentFileTests {
    private func read(_ text: String, in operation: String = "application.apply") throws -> [String: Value] {
        try DocumentFile.read(
            ["document": .string(text)], of: try #require(Catalogue.operation(operation)))
    }

    private func withFile<Result>(_ content: Data, _ body: (String) throws -> Result) throws -> Result {
        let path = FileManager.default.temporaryDirectory.appending(path: "shop-\(UUID()).yaml")
        try content.write(to: path)
        defer { try? FileManager.default.removeItem(at: path) }
        return try body(path.path())
    }

    @Test("What the command line names with @ is read here, everything else is sent as it is")
    func reads() throws {
        try self.withFile(Data("application: shop".utf8)) { path throws in
            #expect(try self.read("@\(path)") == ["document": "application: shop"])
            // Another operation has no document.
            #expect(try self.read("@\(path)", in: "workload.place") == ["document": .string("@\(path)")])
        }
        #expect(try self.read("application: shop") == ["document": "application: shop"])
    }

    @Test("A file is read up to the limit, and no byte more")
    func bounds() throws {
        try self.withFile(Data(repeating: 0x20, count: DocumentLimits.bytes)) { path throws in
            #expect(try self.read("@\(path)")["document"]?.string?.utf8.count == DocumentLimits.bytes)
        }
        try self.withFile(Data(repeating: 0x20, count: DocumentLimits.bytes + 1)) { path throws in
            let error = #expect(throws: OperationError.self) { try self.read("@\(path)") }
            #expect(error?.code == .tooLarge)
        }
    }

    @Test("What is no file, has nothing in it or is no text is said")
    func mistakes() throws {
        let missing = #expect(throws: OperationError.self) { try self.read("@/nowhere/shop.yaml") }
        #expect(missing?.message.contains("/nowhere/shop.yaml cannot be read") == true)
        try self.withFile(Data([0xFF, 0xFE])) { path throws in
            let error = #expect(throws: OperationError.self) { try self.read("@\(path)") }
            #expect(error?.message.contains("is no UTF-8 text") == true)
        }
        try self.withFile(Data()) { path throws in
            let error = #expect(throws: OperationError.self) { try self.read("@\(path)") }
            #expect(error?.message.contains("is empty") == true)
        }
    }
}
