import ArgumentParser
import Foundation
import Operations
import Testing
import XML
import XMPP
import XMPPServer
import XMPPTransport

@testable import tradewind

@Suite("The limits of the server, in the configuration")
struct LimitsConfigurationTests {
    /// The server that a file describes with these lines below `server.limits` and `rooms.limits`.
    private static func configuration(
        _ lines: [String], rooms: [String] = []
    ) async throws -> XMPPServer.Configuration {
        let folder = FileManager.default.temporaryDirectory
            .appending(path: "tradewind-limits-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer {
            do {
                try FileManager.default.removeItem(atPath: folder)
            } catch {
                Issue.record("\(folder) is left behind: \(error)")
            }
        }
        let command = try InitCommand.parse([
            "--domain", "paris.test", "--directory", folder + "/paris", "--ca", folder + "/ca", "--driver",
            "memory",
        ])
        _ = try SiteSetup(command).write()
        let path = folder + "/paris/tradewind.yaml"
        let written = try String(contentsOfFile: path, encoding: .utf8)
        func section(_ lines: [String]) -> String {
            lines.isEmpty ? "" : "  limits:\n" + lines.map { "    \($0)\n" }.joined()
        }
        let file =
            written.replacing("server:\n", with: "server:\n" + section(lines))
            + (rooms.isEmpty ? "" : "rooms:\n" + section(rooms))
        try file.write(toFile: path, atomically: true, encoding: .utf8)
        let configuration = try await ServeConfiguration.reading(path)
        return configuration.xmppServer(try #require(configuration.server))
    }

    private static func limits(_ lines: [String]) async throws -> ServerLimits {
        try await Self.configuration(lines).limits
    }

    @Test("What is not in the file keeps its default")
    func defaults() async throws {
        var limits = try await Self.limits([])
        // Whom a grant trusts with something is exempt from rates.
        limits.transport.rates.exempt = []
        #expect(limits == ServerLimits())
    }

    @Test("Every limit can be set")
    func all() async throws {
        let limits = try await Self.limits([
            "authentication-time: 20s", "handshake-time: 5s", "handshakes: 7", "failures-per-stream: 3",
            "failures-per-address: 9", "failure-delay: 1s", "connections-per-address: 11", "backlog: 77",
            "connections: 500", "password-hashes: 8", "stanza-time: 90s",
            "client-rate: 1000", "client-burst: 2000", "server-rate: 0",
            "exempt: [carol@paris.test, ally.test]",
            "client-silence: 2m", "client-answer: 10s", "server-idle: 1m", "keepalive: 30s",
            "slow-stanzas: 50", "slow-bytes: 60000", "sessions-per-account: 4", "kept-messages: 5",
            "kept-bytes: 6000",
            "resumption-seconds: 60", "hibernated-sessions: 2", "hibernated-stanzas: 40",
            "hibernated-bytes: 50000", "inactive-stanzas: 30", "unauthenticated:", "  stanza-bytes: 10000",
            "  elements: 32", "  depth: 6", "clients:", "  stanza-bytes: 100000", "servers:",
            "  elements: 5000", "archives:", "  page-bytes: 50000",
        ])
        var expected = ServerLimits()
        expected.transport.set(\.authenticationTime, to: .seconds(20))
        expected.transport.set(\.handshakeTime, to: .seconds(5))
        expected.transport.set(\.failureDelay, to: .seconds(1))
        expected.transport.set(\.clientSilence, to: .seconds(120))
        expected.transport.set(\.clientAnswer, to: .seconds(10))
        expected.transport.set(\.idleRemote, to: .seconds(60))
        expected.transport.set(\.keepalive, to: .seconds(30))
        expected.transport.handshakes = 7
        expected.transport.authenticationFailures = 3
        expected.transport.failuresPerAddress = 9
        expected.transport.connectionsPerAddress = 11
        expected.transport.connections = 500
        expected.transport.passwordHashes = 8
        expected.transport.set(\.stanzaTime, to: .seconds(90))
        expected.transport.backlog = 77
        expected.transport.slowPeerStanzas = 50
        expected.transport.slowPeerBytes = 60_000
        expected.transport.unauthenticated.elementsPerStanza = 32
        expected.transport.unauthenticated.depth = 6
        expected.transport.client.stanzaBytes = 100_000
        expected.transport.remote.elementsPerStanza = 5_000
        expected.transport.rates = RatePolicy(
            clients: RateLimit(bytesPerSecond: 1_000, burst: 2_000), remotes: nil,
            exempt: limits.transport.rates.exempt)
        expected.sessionsPerAccount = 4
        expected.keptMessagesPerAccount = 5
        expected.keptBytesPerAccount = 6_000
        expected.archive.pageBytes = 50_000
        expected.sessions.resumptionSeconds = 60
        expected.sessions.hibernatedPerAccount = 2
        expected.sessions.hibernated = .init(stanzas: 40, bytes: 50_000)
        expected.sessions.inactiveStanzas = 30
        #expect(limits == expected)
        let named = [try JID("carol@paris.test"), try JID("ally.test")]
        #expect(limits.transport.rates.exempt.isSuperset(of: named))
    }

    @Test(
        "What does not fit is refused with the key's name",
        arguments: [
            "handshakes: 0", "client-rate: -1", "authentication-time: 0s", "exempt: ['a@b@c']",
            "resumption-seconds: 86401",
        ])
    func refused(line: String) async throws {
        let error = await #expect(throws: OperationError.self) { try await Self.limits([line]) }
        #expect(error?.message.contains("server.limits") == true)
    }

    @Test(
        "Limits that do not go together are refused with both names, whichever of them is in the file",
        arguments: [
            (["unacknowledged-bytes: 4194304"], ["unacknowledged-bytes", "turn-bytes"]),
            (["server-unacknowledged-bytes: 4194304"], ["server-unacknowledged-bytes", "turn-bytes"]),
            (["hibernated-bytes: 4194304"], ["hibernated-bytes", "turn-bytes"]),
            (["turn-bytes: 3145728"], ["server-unacknowledged-bytes", "turn-bytes"]),
            (["kept-bytes: 1048576"], ["kept-bytes", "slow-bytes"]),
            (["archives:", "  page-bytes: 1048576"], ["archives.page-bytes", "slow-bytes"]),
            (["slow-bytes: 524288"], ["kept-bytes", "slow-bytes"]),
            (
                ["password-shortest: 20", "password-longest: 19"],
                ["password-shortest", "password-longest"]
            ),
        ])
    func disordered(lines: [String], names: [String]) async throws {
        let error = await #expect(throws: OperationError.self) { try await Self.limits(lines) }
        for name in names { #expect(error?.message.contains("server.limits.\(name)") == true) }
    }

    @Test("Limits that are just below those they have to fit into are taken")
    func ordered() async throws {
        let limits = try await Self.limits([
            "turn-bytes: 1000", "hibernated-bytes: 999", "unacknowledged-bytes: 999",
            "server-unacknowledged-bytes: 999",
            "slow-bytes: 500", "kept-bytes: 499", "archives:", "  page-bytes: 499", "password-shortest: 20",
            "password-longest: 20",
        ])
        #expect(limits.sessions.unacknowledged.bytes == 999)
        #expect(limits.transport.remoteUnacknowledged.bytes == 999)
        #expect(limits.keptBytesPerAccount == 499 && limits.archive.pageBytes == 499)
        #expect(limits.accounts.passwordLength == 20...20)
    }

    @Test("RFC 6120 §13.12: less than 10,000 bytes for a stanza cannot be asked for")
    func smallestStanza() async throws {
        await #expect(throws: OperationError.self) {
            try await Self.limits(["clients:", "  stanza-bytes: 9999"])
        }
    }

    // MARK: Every key

    /// How a limit is written in the file.
    private static func text<Limits>(_ key: LimitKey<Limits>, of limits: Limits) -> String {
        switch key.kind {
        case .number(_, let get, _): "\(get(limits))"
        case .time(let get, _): "\(get(limits) / .milliseconds(1))ms".replacing(".0ms", with: "ms")
        }
    }

    /// The limits with each key set to another value than it has, and each number to one that no other has.
    private static func changed<Limits>(_ keys: [LimitKey<Limits>], _ limits: Limits) -> Limits {
        var limits = limits
        for (index, key) in keys.enumerated() {
            switch key.kind {
            case .number(let range, let get, let set):
                let value = get(limits) + index + 1
                set(&limits, range.contains(value) ? value : range.lowerBound + index)
            case .time(let get, let set): set(&limits, get(limits) + .seconds(index + 1))
            }
        }
        return limits
    }

    /// The lines of a file for the keys, those with a dot in a group of their own.
    private static func lines<Limits>(_ keys: [LimitKey<Limits>], _ limits: Limits) -> [String] {
        var groups: [String: [String]] = [:]
        for key in keys {
            let parts = key.name.split(separator: ".").map(String.init)
            let line = "\(parts.last ?? ""): \(Self.text(key, of: limits))"
            groups[parts.count == 2 ? parts[0] : "", default: []].append(line)
        }
        return (groups[""] ?? [])
            + groups.sorted { $0.key < $1.key }.filter { !$0.key.isEmpty }.flatMap { name, lines in
                ["\(name):"] + lines.map { "  \($0)" }
            }
    }

    @Test("Each key sets the limit that it names, and no other")
    func everyKey() async throws {
        var server = Self.changed(ServerLimits.keys, ServerLimits())
        // A tag is never longer than what it is in.
        server.transport.unauthenticated.tagBytes = server.transport.unauthenticated.stanzaBytes
        let rooms = Self.changed(RoomLimits.keys, RoomLimits())
        let read = try await Self.configuration(
            Self.lines(ServerLimits.keys, server), rooms: Self.lines(RoomLimits.keys, rooms))
        var limits = read.limits
        limits.transport.rates.exempt = []
        #expect(limits == server)
        for key in ServerLimits.keys {
            #expect(Self.text(key, of: limits) == Self.text(key, of: server), "server.limits.\(key.name)")
        }
        #expect(read.rooms?.limits == rooms)
    }

    /// Every number and time in a value, by the names that lead to it.
    private static func leaves(of value: Any, at path: String = "") -> [String: String] {
        let children = Mirror(reflecting: value).children
        guard !(value is Duration), !children.isEmpty else { return [path: "\(value)"] }
        return children.reduce(into: [:]) { leaves, child in
            leaves.merge(Self.leaves(of: child.value, at: "\(path).\(child.label ?? "")")) { $1 }
        }
    }

    @Test("No limit is without a key")
    func noneWithoutKey() {
        let server = Self.leaves(of: ServerLimits())
        #expect(server.count >= ServerLimits.keys.count)
        let changed = Self.leaves(of: Self.changed(ServerLimits.keys, ServerLimits()))
        // Rates and who is exempt have keys of their own (`RatePolicy`).
        for path in server.keys.sorted() where !path.hasPrefix(".transport.rates.") {
            #expect(server[path] != changed[path], "no key sets \(path)")
        }
        let rooms = Self.leaves(of: RoomLimits())
        #expect(rooms.count >= RoomLimits.keys.count)
        let otherRooms = Self.leaves(of: Self.changed(RoomLimits.keys, RoomLimits()))
        for path in rooms.keys.sorted() {
            #expect(rooms[path] != otherRooms[path], "no key sets \(path)")
        }
    }

    /// The keys and defaults that the manual lists below a heading.
    private static func manual(_ heading: String) throws -> [String: String] {
        let path = URL(filePath: #filePath).deletingLastPathComponent()
            .appending(path: "../../Sources/tradewind/tradewind.docc/Configuration.md")
        let text = try String(contentsOf: path, encoding: .utf8)
        let section = try #require(text.components(separatedBy: "\n## ").first { $0.hasPrefix(heading) })
        var defaults: [String: String] = [:]
        for line in section.split(separator: "\n") where line.hasPrefix("| `") {
            let cells = line.split(separator: "|").map { cell in
                cell.split(separator: ",").map { $0.trimmingCharacters(in: CharacterSet(charactersIn: " `")) }
            }
            let group = cells[0].first?.split(separator: ".").first.map(String.init) ?? ""
            #expect(cells[0].count == cells[1].count, "\(line)")
            for (name, value) in zip(cells[0], cells[1]) {
                defaults[name.hasPrefix(".") ? group + name : name] = value
            }
        }
        return defaults
    }

    /// A time as the file has it, in milliseconds; a number as it is.
    private static func plain(_ text: String) -> String {
        for (unit, factor) in [("ms", 1), ("s", 1_000), ("m", 60_000), ("h", 3_600_000), ("d", 86_400_000)] {
            if text.hasSuffix(unit), let count = Int(text.dropLast(unit.count)) {
                return "\(count * factor)ms"
            }
        }
        return text
    }

    @Test("The manual has every limit with its default, and no other")
    func manual() throws {
        let server = try Self.manual("Limits of the server").mapValues(Self.plain)
        var expected = Dictionary(
            uniqueKeysWithValues: ServerLimits.keys.map { ($0.name, Self.text($0, of: ServerLimits())) })
        expected.merge(
            [
                "client-rate": "32768", "client-burst": "262144", "server-rate": "4194304",
                "server-burst": "16777216", "exempt": "none",
            ]) { $1 }
        let rates = RatePolicy()
        #expect(rates.clients == RateLimit(bytesPerSecond: 32_768, burst: 262_144))
        #expect(rates.remotes == RateLimit(bytesPerSecond: 4_194_304, burst: 16_777_216))
        for name in Set(server.keys).union(expected.keys).sorted() {
            #expect(server[name] == expected[name], "server.limits.\(name)")
        }
        let rooms = try Self.manual("Limits of rooms").mapValues(Self.plain)
        for name in Set(rooms.keys).union(RoomLimits.keys.map(\.name)).sorted() {
            let key = RoomLimits.keys.first { $0.name == name }
            #expect(rooms[name] == key.map { Self.text($0, of: RoomLimits()) }, "rooms.limits.\(name)")
        }
    }
}
