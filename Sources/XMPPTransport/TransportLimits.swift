package import NIOCore
package import XML
package import XMPP

/// What a stream may cost before it is closed or held back.
///
/// One value for all streams of a process.
package struct TransportLimits: Hashable, Sendable {
    /// What a peer may send before it has authenticated.
    package var unauthenticated = XMLLimits.beforeAuthentication
    /// What an authenticated client may send.
    package var client = XMLLimits.client
    /// What an authenticated server may send.
    package var remote = XMLLimits.server

    /// From the TCP connection to the end of authentication.
    package var authenticationTime = TimeAmount.seconds(30)
    /// From the first byte of TLS to its last handshake message.
    package var handshakeTime = TimeAmount.seconds(10)
    /// TLS handshakes under way at a time, of all that have connected; one more connection is closed unanswered.
    package var handshakes = 1_024
    /// SASL failures on one stream before it is closed with `policy-violation`.
    package var authenticationFailures = 5

    /// Passwords that wait to be hashed, or are being hashed, at a time; whoever sends one more by PLAIN is told
    /// `temporary-auth-failure`.
    package var passwordHashes = 256

    /// SASL failures of clients from one address within an hour; after that it is not listened to until the hour is over.
    ///
    /// The 64 bits of an IPv6 address that a subscriber has count as one, here and for connections.
    package var failuresPerAddress = 20
    /// What each failure from an address adds to the time that the answer to the next one takes.
    package var failureDelay = TimeAmount.milliseconds(250)
    /// Addresses whose failures are remembered.
    package var failureAddresses = 10_000

    /// Lines a minute in the log about streams from one address that are refused.
    package var refusalLinesPerAddress = 10
    /// The same for all addresses; the next line says how many there would have been.
    package var refusalLines = 300

    /// Who may send how fast.
    package var rates = RatePolicy()

    /// Stanzas that wait for a peer that has stopped reading; one more closes its stream (`resource-constraint`).
    package var slowPeerStanzas = 500
    /// Bytes that wait for a peer that has stopped reading; one more closes its stream (`resource-constraint`).
    package var slowPeerBytes = 1_048_576
    /// Bytes that one turn of the process may leave for a peer that does read.
    package var burstBytes = 4_194_304

    /// Connections from one IP address, clients and servers counted apart.
    package var connectionsPerAddress = 256
    /// Connections from everywhere, clients and servers apart; one more is closed unanswered.
    package var connections = 20_000
    /// The kernel's queue of connections not yet accepted.
    package var backlog: Int32 = 1_024

    /// Pairs of domains that outbound streams are kept for.
    package var remotePairs = 10_000
    /// Those among them that are there because one sender (a bare JID) here wrote to them, the domain itself excepted and
    /// remote domains that have come here by themselves; a stanza that would need one more is refused with
    /// `resource-constraint`.
    ///
    /// For answers to domains that are not here the same person has as many again. A person with all the rooms one may own takes about half of `remotePairs`.
    package var remotePairsPerSender = 250
    /// Dialback keys that are being verified at a time, each on a connection of its own; one more is answered with
    /// `resource-constraint`.
    package var dialbackVerifications = 64
    /// The same for the streams that come from one address.
    package var dialbackVerificationsPerAddress = 8
    /// One such verification, from the question to DNS to the answer; after that it has failed.
    package var dialbackVerificationTime = TimeAmount.seconds(30)
    /// Stanzas that wait for one outbound stream to be set up.
    package var connectingStanzas = 500
    /// Their bytes.
    package var connectingBytes = 1_048_576
    /// The bytes that wait for all outbound streams together.
    package var connectingBytesInAll = 67_108_864
    /// One TCP connection attempt.
    package var connectTime = TimeAmount.seconds(20)
    /// From the beginning of one attempt to connect to that of the next one beside it (RFC 8305 §5).
    package var connectionStagger = TimeAmount.milliseconds(250)
    /// Pairs of domains of which it is remembered that the other side refuses our certificate.
    package var externalRefusals = 1_000
    /// How long that is remembered; until then streams begin with dialback, where policy allows it.
    package var externalRefusalTime = TimeAmount.hours(1)
    /// A stream between servers on which nothing was sent (outbound) or came (inbound) for so long is closed.
    package var idleRemote = TimeAmount.minutes(10)
    /// Seconds that a managed stream of another server may be resumed after its connection broke (XEP-0198).
    package var remoteResumptionSeconds: UInt32 = 300
    /// What another server may leave unacknowledged; more is refused with `resource-constraint`.
    ///
    /// Fewer bytes than `burstBytes`, so that all of it can be sent again at once.
    package var remoteUnacknowledged = StreamManagement<Stanza>.Limits(stanzas: 20_000, bytes: 3_145_728)
    /// Such streams of which the count is kept; one more, and those that broke longest ago are forgotten.
    package var remoteResumptions = 10_000
    /// The same for one other server: one more, and the oldest of its own is forgotten.
    package var remoteResumptionsPerPeer = 8
    /// Bytes that wait on all such streams whose connection is broken; one more, and what broke longest ago goes back to
    /// its senders.
    package var remoteResumptionBytes = 67_108_864
    /// Silence after which one space is sent, to notice a dead connection and keep middleboxes awake.
    package var keepalive = TimeAmount.minutes(1)
    /// Silence of a client after which it is asked whether it is still there; noticed at the next `keepalive`.
    package var clientSilence = TimeAmount.minutes(5)
    /// What a peer that was asked has to say anything at all: then a client's stream is closed (`connection-timeout`), and
    /// the connection to another server counts as broken.
    package var clientAnswer = TimeAmount.seconds(30)
    /// How long a stanza that was begun may take to arrive whole, once the peer has authenticated; noticed at the next
    /// `keepalive` (`connection-timeout`).
    package var stanzaTime = TimeAmount.minutes(5)
    /// The pause after the first failure to reach a domain; doubled by each further one.
    package var shortestBackOff = TimeAmount.seconds(1)
    package var longestBackOff = TimeAmount.seconds(300)

    package init() {}
}
