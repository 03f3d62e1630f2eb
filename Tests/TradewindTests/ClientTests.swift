import ArgumentParser
import CloudModel
import Operations
import ServerSentEvents
import Testing

@testable import tradewind

@Suite("The command line")
struct ClientTests {
    @Test("Parameters are written with or without dashes")
    func readsParameters() throws {
        let arguments = try ClientArguments([
            "machine", "create", "web-1", "--memory", "1G", "--disk=2G", "image=/a=b", "--no-start", "--json",
            "--at", "tokyo.test",
        ])
        #expect(
            arguments.tokens == [
                .init("machine"), .init("create"), .init("web-1"), .init(key: "memory", "1G"),
                .init(key: "disk", "2G"), .init(key: "image", "/a=b"), .init(key: "start", "no"),
                .init(key: "at", "tokyo.test"),
            ])
        #expect(arguments.isJSON)
        #expect(!arguments.isConfirmed)
    }

    @Test("A flag at the end is yes; what comes after -- is taken as it is")
    func readsFlags() throws {
        let arguments = try ClientArguments(["machine", "create", "--start", "--yes", "--", "--odd"])
        #expect(arguments.tokens.map(\.text) == ["machine", "create", "yes", "--odd"])
        #expect(arguments.isConfirmed)
    }

    @Test("An option without its value and one that is none are refused")
    func refusesOptions() {
        #expect(throws: OperationError.self) { try ClientArguments(["status", "--server"]) }
        #expect(throws: OperationError.self) { try ClientArguments(["status", "-x"]) }
    }

    @Test("Events are read however they are cut", arguments: 0 as UInt64..<50)
    func readsEvents(seed: UInt64) throws {
        let text =
            "event: progress\r\ndata: {\"a\":1}\r\n\r\n: comment\n\nid: 7\nevent: result\ndata: x\ndata: y\n\n"
            + "data: z\n\n"
        let bytes = Array(text.utf8)
        var reader = EventReader()
        var events: [EventReader.Event] = []
        var position = 0
        var state = seed
        while position < bytes.count {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            let end = min(bytes.count, position + 1 + Int(state >> 60))
            events += try reader.read(bytes[position..<end])
            position = end
        }
        #expect(
            events == [
                .init(name: "progress", data: "{\"a\":1}"), .init(name: "result", data: "x\ny", id: "7"),
                .init(data: "z", id: "7"),
            ])
    }

    @Test("WHATWG HTML §9.2.6: a carriage return ends a line, and a field without a colon has no value")
    func readsOddEvents() throws {
        let streams: [(String, [EventReader.Event])] = [
            ("data: a\rdata: b\r\rdata: c\r\n\r\n", [.init(data: "a\nb"), .init(data: "c")]),
            ("data\n\n", [.init(data: "")]), ("data:\ndata: b\n\n", [.init(data: "\nb")]),
            ("id: 7\ndata: a\n\nid\ndata: b\n\n", [.init(data: "a", id: "7"), .init(data: "b", id: "")]),
            ("event: x\nevent\ndata: a\n\n", [.init(data: "a")]), ("id: 7\n\n: data\n:\n\n", []),
            ("id: 7\nid: \0\ndata: a\n\n", [.init(data: "a", id: "7")]),
        ]
        for (text, events) in streams {
            var reader = EventReader()
            #expect(try reader.read(text.utf8) == events, "\(text)")
            // Byte by byte it is the same.
            var slow = EventReader()
            var found: [EventReader.Event] = []
            for byte in text.utf8 { found += try slow.read([byte]) }
            #expect(found == events, "\(text)")
        }
    }

    @Test("An event may be as long as the limit")
    func boundsEvents() throws {
        let longest = [UInt8]("data:".utf8) + [UInt8](repeating: 65, count: EventReader.limit - 5)
        var reader = EventReader()
        #expect(try reader.read(longest + [10, 10]).count == 1)
        #expect(throws: EventReader.TooLong.self) { try reader.read(longest + [65]) }
    }

    @Test("A problem document becomes the error it was made of")
    func readsProblems() {
        let error = OperationClient.error(
            in: [
                "status": 404, "code": "not-found", "detail": "no machine web-9", "next": "machine list",
                "site": "tokyo.test",
            ])
        #expect(
            error
                == OperationError(
                    .notFound, "no machine web-9", next: "machine list", site: SiteID("tokyo.test")))
        #expect(ClientFailure(error).exitCode.rawValue == 4)
        #expect(
            ClientFailure(error).description
                == "tokyo.test: Not found: no machine web-9\nNext: machine list")
    }
}
