import NIOCore
import NIOEmbedded
import Synchronization
import Testing
import XML
import XMPP

@testable import XMPPTransport

/// What stream management between servers promises when lines are slow, peers vanish and stanzas are malformed.
@Suite("Acknowledgements between servers")
struct RemoteAcknowledgementTests {
    /// A stream that `b.test` has opened and uses in both directions.
    private struct Inbound {
        let receiver = EmbeddedStream.Receiver()
        let environment: StreamEnvironment
        let remotes: RemoteStreams
        let stream: EmbeddedStream

        init(limits: StreamLimits? = nil) throws {
            self.environment = try EmbeddedStream.environment()
            self.remotes = RemoteStreams(environment: self.environment, resolver: Resolver(routes: [:]))
            self.remotes.attach(self.receiver)
            self.stream = try EmbeddedStream.inbound(
                self.environment, self.remotes, self.receiver, limits: limits)
        }
    }

    /// Streams to `b.test`, one after the other.
    private struct Outbound {
        let receiver = EmbeddedStream.Receiver()
        let environment: StreamEnvironment
        let management: OutboundManagement
        let lost = Box<[Stanza]>([])

        init() throws {
            self.environment = try EmbeddedStream.environment()
            let lost = self.lost
            self.management = OutboundManagement(limits: self.environment.limits.remoteUnacknowledged) {
                stanzas in lost.value.withLock { $0 += stanzas }
            }
        }

        /// Connects: the stream, and what stanzas are sent on once there is that.
        func connect(
            offering features: [StreamFeature] = [.streamManagement]
        ) throws -> (EmbeddedStream, Box<OutboundRemoteStream?>) {
            let made = Box<OutboundRemoteStream?>(nil)
            let outcome = self.environment.group.next().makePromise(of: RemoteOutboundRole.Outcome.self)
            outcome.futureResult.whenSuccess { outcome in
                if case .authenticated(let stream) = outcome { made.value.withLock { $0 = stream } }
            }
            let stream = try EmbeddedStream.outbound(
                self.environment, self.management, self.receiver, outcome, offering: features)
            return (stream, made)
        }

        static let enabled = StreamManagementElement.enabled(.init(token: "t", resumptionTime: 300)).element
    }

    private final class Box<Value: Sendable>: Sendable {
        let value: Mutex<Value>
        init(_ value: Value) { self.value = Mutex(value) }
        var now: Value { self.value.withLock { $0 } }
    }

    private static let there = EmbeddedStream.message("m1", from: "a.test", to: "b.test")
    private static let here = EmbeddedStream.message("m1", from: "b.test", to: "a.test")

    // MARK: Slow lines

    @Test("XEP-0198 §4: an acknowledgement waits behind what fills the line, and does not end the stream")
    func fullLine() throws {
        let inbound = try Inbound()
        let stream = inbound.stream
        stream.channel.isWritable = false
        try stream.hear(Self.here.element(in: Namespace.server), EmbeddedStream.request)
        try inbound.remotes.send(Self.there)
        #expect(stream.channel.isActive)
        #expect(try !stream.says(StreamManagementElement.answer(handled: 1).element))
        stream.channel.isWritable = true
        stream.channel.pipeline.fireChannelWritabilityChanged()
        #expect(try stream.says(StreamManagementElement.answer(handled: 1).element))
        #expect(try stream.says(Self.there.element(in: Namespace.server)))
        #expect(stream.channel.isActive)
    }

    @Test("Whoever asks and never reads is closed at the limit for slow peers")
    func neverReads() throws {
        let inbound = try Inbound()
        let stream = inbound.stream
        stream.channel.isWritable = false
        try stream.hear(EmbeddedStream.request)
        for _ in 1..<inbound.environment.limits.slowPeerStanzas { try stream.hear(EmbeddedStream.request) }
        #expect(stream.channel.isActive)
        try stream.hear(EmbeddedStream.request)
        stream.advance(StreamHandler.closingTime)
        #expect(!stream.channel.isActive)
    }

    // MARK: Peers that vanish

    @Test("XEP-0198 §4: a stream is not idle while something sent on it waits to be acknowledged")
    func vanished() throws {
        let outbound = try Outbound()
        let (stream, made) = try outbound.connect()
        try stream.hear(Outbound.enabled)
        #expect(try made.now?.send(Self.there) == true)
        try stream.forget()
        stream.advance(outbound.environment.limits.idleRemote)
        #expect(try stream.says(EmbeddedStream.request))
        #expect(stream.channel.isActive)
        stream.advance(outbound.environment.limits.clientAnswer)
        // As if the connection had broken: it is resumed, or given back if that cannot be.
        #expect(!stream.channel.isActive)
        #expect(outbound.management.unacknowledgedCount == 1 && outbound.management.canResume)
        #expect(outbound.lost.now == [])
        outbound.management.giveUp()
        #expect(outbound.lost.now == [Self.there])
    }

    @Test("A stream whose peer answers goes on, and is closed once it is idle")
    func answers() throws {
        let outbound = try Outbound()
        let (stream, made) = try outbound.connect()
        try stream.hear(Outbound.enabled)
        #expect(try made.now?.send(Self.there) == true)
        stream.advance(outbound.environment.limits.idleRemote)
        try stream.hear(StreamManagementElement.answer(handled: 1).element)
        stream.advance(outbound.environment.limits.clientAnswer)
        #expect(stream.channel.isActive)
        stream.advance(outbound.environment.limits.idleRemote + StreamHandler.closingTime)
        #expect(!stream.channel.isActive)
        #expect(outbound.lost.now == [])
    }

    @Test("What was not acknowledged when a stream is closed in order comes back")
    func closed() throws {
        let outbound = try Outbound()
        let (stream, made) = try outbound.connect()
        try stream.hear(Outbound.enabled)
        #expect(try made.now?.send(Self.there) == true)
        made.now?.close(nil)
        stream.loop.run()
        #expect(outbound.lost.now == [Self.there])
    }

    @Test(
        "XEP-0198 §5: on the way back it is asked for too, kept for the time to resume, and then comes back")
    func vanishedBack() throws {
        let inbound = try Inbound()
        let stream = inbound.stream
        let limits = inbound.environment.limits
        try inbound.remotes.send(Self.there)
        #expect(try stream.says(Self.there.element(in: Namespace.server)))
        try stream.forget()
        stream.advance(limits.idleRemote)
        #expect(try stream.says(EmbeddedStream.request))
        stream.advance(limits.clientAnswer)
        #expect(!stream.channel.isActive)
        #expect(inbound.receiver.returned == [])
        #expect(inbound.environment.guards.tallies.count == 1)
        stream.advance(.seconds(Int64(limits.remoteResumptionSeconds)))
        #expect(inbound.receiver.returned == [Self.there])
    }

    @Test("XEP-0198 §4: a peer that answers is not cut off on the way back")
    func answersBack() throws {
        let inbound = try Inbound()
        let stream = inbound.stream
        let limits = inbound.environment.limits
        try inbound.remotes.send(Self.there)
        stream.advance(limits.idleRemote)
        try stream.hear(StreamManagementElement.answer(handled: 1).element)
        stream.advance(limits.clientAnswer)
        #expect(stream.channel.isActive)
        #expect(inbound.receiver.returned == [])
    }

    // MARK: Malformed stanzas

    @Test("XEP-0198 §4: a malformed stanza that may not be answered counts all the same, both ways")
    func malformed() throws {
        let inbound = try Inbound()
        try inbound.stream.hear(EmbeddedStream.malformed, EmbeddedStream.request)
        #expect(try inbound.stream.says(StreamManagementElement.answer(handled: 1).element))

        let outbound = try Outbound()
        let (stream, _) = try outbound.connect()
        try stream.hear(Outbound.enabled)
        try stream.hear(EmbeddedStream.malformed, EmbeddedStream.request)
        #expect(try stream.says(StreamManagementElement.answer(handled: 1).element))
    }

    // MARK: Resumption

    @Test(
        "XEP-0198 §5: what was received is claimed once it has had its effect, by the side that connects too")
    func effect() throws {
        let outbound = try Outbound()
        let (first, made) = try outbound.connect()
        try first.hear(Outbound.enabled)
        try first.hear(Self.here.element(in: Namespace.server))
        #expect(outbound.receiver.received == [Self.here])
        #expect(try made.now?.send(Self.there) == true)
        first.channel.close(promise: nil)
        first.loop.run()
        outbound.receiver.holdBack()
        let (second, again) = try outbound.connect()
        let claim = StreamManagementElement.resume(token: "t", handled: 1).element
        #expect(try !second.says(claim))
        outbound.receiver.release()
        #expect(try second.says(claim))
        try second.hear(StreamManagementElement.resumed(token: "t", handled: 0).element)
        #expect(try second.says(Self.there.element(in: Namespace.server)))
        #expect(again.now?.isOpen == true)
    }

    @Test(
        "XEP-0198 §5: the end of a connection that was given up does not end the stream that goes on over another"
    )
    func takenOver() throws {
        let inbound = try Inbound()
        let token = try #require(try inbound.stream.said(attribute: "id"))
        func resumed(handled: UInt32) throws -> EmbeddedStream {
            let stream = try EmbeddedStream.inbound(
                inbound.environment, inbound.remotes, inbound.receiver,
                beginning: .resume(token: token, handled: 0))
            #expect(try stream.says(StreamManagementElement.resumed(token: token, handled: handled).element))
            return stream
        }
        let second = try resumed(handled: 0)
        try second.hear(Self.here.element(in: Namespace.server))
        try inbound.stream.hear("</stream:stream>")
        inbound.stream.advance(StreamHandler.closingTime)
        #expect(!inbound.stream.channel.isActive)
        second.channel.close(promise: nil)
        second.loop.run()
        _ = try resumed(handled: 1)
    }

    // MARK: XEP-0478

    @Test("XEP-0478 §3: what is longer than the other server takes comes back, and the stream lives on")
    func longest() throws {
        let long = EmbeddedStream.message(
            "m2", from: "a.test", to: "b.test", body: String(repeating: "x", count: 10_000))
        let outbound = try Outbound()
        let (stream, made) = try outbound.connect(
            offering: [.streamManagement, .limits(StreamLimits(longestStanza: 10_000))])
        try stream.hear(Outbound.enabled)
        let error = #expect(throws: StanzaError.self) { try made.now?.send(long) }
        #expect(error?.condition == .policyViolation)
        #expect(try made.now?.send(Self.there) == true)
        #expect(try stream.says(Self.there.element(in: Namespace.server)))
        #expect(outbound.management.unacknowledgedCount == 1)

        let inbound = try Inbound(limits: StreamLimits(longestStanza: 10_000))
        let backError = #expect(throws: StanzaError.self) { try inbound.remotes.send(long) }
        #expect(backError?.condition == .policyViolation)
        try inbound.remotes.send(Self.there)
        #expect(try inbound.stream.says(Self.there.element(in: Namespace.server)))
        #expect(inbound.stream.channel.isActive)
    }

    @Test("XEP-0478 §2.2: the other server is told what we take on the way back")
    func announced() throws {
        let outbound = try Outbound()
        let (stream, _) = try outbound.connect()
        let limits = StreamLimits(longestStanza: 524_288, longestSilence: 600)
        #expect(outbound.environment.limits.announcedToServers == limits)
        let offer = StreamFeatures([.limits(limits)]).element
        let inside = try #require(offer.elements.first)
        #expect(
            try stream.says(Element("bidi", namespace: Namespace.bidirectional, [:], [inside])))
    }
}
