import Cryptography
import Logging
import NIOCore
import NIOEmbedded
import TestRandomness
import Testing
import XML
import XMPP

@testable import XMPPTransport

@Suite("Limits of streams")
struct StreamLimitTests {
    private static let start = NIODeadline.uptimeNanoseconds(1_000_000_000)

    // MARK: Rates

    @Test("A bucket gives its burst at once, then so much per second")
    func bucket() {
        var bucket = ReadBucket(RateLimit(bytesPerSecond: 100, burst: 500), at: Self.start)
        bucket.take(500, at: Self.start)
        #expect(bucket.wait(at: Self.start) == nil)
        bucket.take(1, at: Self.start)
        let wait = bucket.wait(at: Self.start)
        #expect(wait == .nanoseconds(10_000_001))
        #expect(bucket.wait(at: Self.start + .milliseconds(9)) != nil)
        #expect(bucket.wait(at: Self.start + .milliseconds(10)) == nil)
    }

    @Test("A bucket is never fuller than its burst, however long nothing came")
    func bucketIsBounded() {
        var bucket = ReadBucket(RateLimit(bytesPerSecond: 100, burst: 500), at: Self.start)
        let later = Self.start + .hours(1_000)
        bucket.take(501, at: later)
        #expect(bucket.wait(at: later) != nil)
    }

    @Test("Over a long time no more passes than the rate and one burst", arguments: 0 as UInt64..<20)
    func bucketOverTime(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        let limit = RateLimit(bytesPerSecond: 1_000, burst: 4_000)
        var bucket = ReadBucket(limit, at: Self.start)
        var now = Self.start
        var passed = 0
        while now < Self.start + .seconds(100) {
            let size = Int.random(in: 1...3_000, using: &random)
            bucket.take(size, at: now)
            passed += size
            now =
                now + (bucket.wait(at: now) ?? .nanoseconds(Int64.random(in: 0...50_000_000, using: &random)))
        }
        #expect(passed <= 100 * 1_000 + 4_000 + 2 * 3_000)
    }

    @Test("Rates hold for all but those whom policy exempts")
    func policy() throws {
        let (admin, user) = (try JID("admin@a.test"), try JID("user@a.test"))
        let policy = RatePolicy(exempt: [admin, try JID("ally.test")])
        #expect(policy.rate(ofClient: admin) == nil)
        #expect(policy.rate(ofClient: user) == RateLimit(bytesPerSecond: 32_768, burst: 262_144))
        #expect(policy.rate(ofRemote: "ally.test") == nil)
        #expect(policy.rate(ofRemote: "other.test") != nil)
    }

    @Test("An attached agent keeps below the rate at which a client, and a server, is read here")
    func ownLinks() throws {
        let policy = RatePolicy()
        let client = try #require(AttachmentLimits.client.bytesPerSecond)
        let component = try #require(AttachmentLimits.component.bytesPerSecond)
        let clients = try #require(policy.clients)
        let remotes = try #require(policy.remotes)
        #expect(client < clients.bytesPerSecond && AttachmentLimits.client.burstBytes < clients.burst)
        #expect(component < remotes.bytesPerSecond && AttachmentLimits.component.burstBytes < remotes.burst)
        // An embedded agent sends as much as another server acknowledges, and that may wait there at once.
        #expect(TransportLimits().remoteUnacknowledged.bytes < remotes.burst)
    }

    // MARK: Addresses

    @Test("An IPv4 address counts as one, mapped or not; an IPv6 address with the rest of its /64")
    func addresses() throws {
        func address(_ text: String) throws -> NetworkAddress {
            NetworkAddress(try SocketAddress(ipAddress: text, port: 5_222))
        }
        #expect(try address("192.0.2.1") == address("::ffff:192.0.2.1"))
        #expect(try address("192.0.2.1") != address("192.0.2.2"))
        #expect(try address("2001:db8:1:2::1") == address("2001:db8:1:2:ffff:ffff:ffff:ffff"))
        #expect(try address("2001:db8:1:2::1") != address("2001:db8:1:3::1"))
        #expect(try address("::1") != address("192.0.2.1"))
        #expect(try address("192.0.2.1").description == "192.0.2.1")
        #expect(try address("2001:db8:1:2::1").description == "2001:db8:1:2::/64")
        #expect(NetworkAddress(nil).description == "local")
    }

    // MARK: Failures

    private static func address(_ number: Int) throws -> NetworkAddress {
        NetworkAddress(try SocketAddress(ipAddress: "10.0.\(number / 256).\(number % 256)", port: 1))
    }

    @Test("Each failure makes the next answer wait longer; the twentieth is the last within the hour")
    func failures() throws {
        var ledger = FailureLedger(failuresPerAddress: 20, delay: .milliseconds(250), addresses: 10)
        let address = try Self.address(1)
        for number in 0..<20 {
            #expect(!ledger.isBarred(address, at: Self.start))
            #expect(ledger.fail(address, at: Self.start) == .milliseconds(250 * Int64(number)))
        }
        #expect(ledger.isBarred(address, at: Self.start + .minutes(60) - .nanoseconds(1)))
        #expect(!ledger.isBarred(address, at: Self.start + .minutes(60)))
        #expect(ledger.fail(address, at: Self.start + .minutes(60)) == .zero)
        #expect(try !ledger.isBarred(Self.address(2), at: Self.start))
    }

    @Test("A full table forgets the oldest, and never more than a few at once")
    func failureTable() throws {
        var ledger = FailureLedger(failuresPerAddress: 1, delay: .zero, addresses: 32)
        for number in 0..<33 {
            _ = ledger.fail(try Self.address(number), at: Self.start + .seconds(Int64(number)))
        }
        let now = Self.start + .seconds(33)
        let barred = try (0..<33).filter { ledger.isBarred(try Self.address($0), at: now) }
        #expect(barred == Array(2..<33))
    }

    @Test("As many handshakes are under way as the limit says")
    func handshakes() {
        var limits = TransportLimits()
        limits.handshakes = 2
        let guards = StreamGuards(limits)
        #expect(guards.beginHandshake())
        #expect(guards.beginHandshake())
        #expect(!guards.beginHandshake())
        guards.endHandshake()
        #expect(guards.beginHandshake())
    }
}
