import CloudModel
import Foundation
import Operations
import Testing
import XML
import XMPP

/// The files of `Golden`: what goes over the wire, read and written.
@Suite("Golden files of the operations")
struct GoldenTests {
    private static func element(_ name: String) throws -> Element {
        let folder = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Golden")
        let content = try Data(contentsOf: folder.appending(path: "\(name).xml"))
        return try Element(parsing: Array(content)).withoutIndentation
    }

    private static func check<P: Payload>(_ payload: P, _ name: String) throws {
        let golden = try self.element(name)
        #expect(try P(parsing: golden) == payload)
        #expect(payload.element == golden)
    }

    @Test("An invocation")
    func invoke() throws {
        try Self.check(
            Invoke(
                operation: "machine.create",
                arguments: ["name": "web-1", "only": ["a.test", nil], "vcpus": 2],
                behalf: "alice@paris.test", idempotencyKey: "k-1"),
            "Invoke")
    }

    @Test("The mark of what a process says by itself")
    func automatic() throws {
        try Self.check(AutomaticAnswer(), "AutomaticAnswer")
        #expect(throws: PayloadError.self) {
            try AutomaticAnswer(parsing: Element("automatic", namespace: "urn:x"))
        }
    }

    @Test("A result")
    func outcome() throws {
        try Self.check(
            Outcome(
                OperationResult(
                    site: SiteID("tokyo.test"), value: ["load": 0.5, "running": true], message: "started")),
            "Outcome")
    }

    @Test("A failure")
    func failure() throws {
        try Self.check(
            Failure(
                OperationError(
                    .notFound, "there is no machine web-9", next: "machine list", site: SiteID("tokyo.test"))),
            "Failure")
    }
}
