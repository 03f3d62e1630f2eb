package import NIOCore

/// What an attached stream may hold back, and how fast it speaks.
package struct AttachmentLimits: Hashable, Sendable {
    /// Bytes per second; nil for no limit.
    ///
    /// A server that is sent more than it takes stops reading for a while, and then a command waits behind everything
    /// that was sent before it: staying below the server's limit keeps that queue here, where commands overtake rows.
    package var bytesPerSecond: Int?
    /// Bytes that may go at once after a pause.
    package var burstBytes: Int

    /// Commands, answers and messages that wait for their turn; one more is refused with `resource-constraint`.
    package var waitingCommands = 1_000
    /// Bytes of them.
    package var waitingBytes = 1_048_576
    /// Rows that wait for their turn; one more takes the place of the oldest.
    package var waitingRows = 256
    /// Rows that somebody has asked for and that wait for their turn; one more is refused with `resource-constraint`.
    package var waitingAnswers = 256
    /// Of them those for one peer.
    package var waitingAnswersPerPeer = 16
    /// Stanzas sent that the server has not taken note of.
    package var flightStanzas = 256
    /// Bytes of them; a single larger stanza goes alone.
    package var flightBytes = 65_536
    /// Requests that wait for an answer at a time.
    package var requests = 1_000
    /// What waits for the role, as in the embedded server: stanzas of one sender, and senders.
    package var stanzasPerSender = 100
    package var senders = 1_000

    /// Silence after which the server is asked for a sign of life.
    package var checkPeriod = TimeAmount.seconds(60)
    /// How long it may take for that before the connection counts as lost.
    package var checkTime = TimeAmount.seconds(30)
    /// The pause after the first failure to connect; doubled by each further one, and drawn from its upper half.
    package var shortestBackOff = TimeAmount.seconds(1)
    package var longestBackOff = TimeAmount.seconds(300)
    /// The least pause after a failure that only an admin can mend, so that nobody is locked out for guessing.
    package var adminBackOff = TimeAmount.seconds(30)
    /// A stream that lasted so long was a success: the next pause is the shortest again.
    package var steadyTime = TimeAmount.seconds(30)

    /// Within Debian Prosody's limit for clients: 10 kB/s, two seconds' worth at once.
    package static let client = AttachmentLimits(bytesPerSecond: 9_000, burstBytes: 18_000)
    /// Within Debian Prosody's limit between servers, which the other sites' servers apply to ours: 30 kB/s.
    package static let component = AttachmentLimits(bytesPerSecond: 27_000, burstBytes: 54_000)

    package init(bytesPerSecond: Int?, burstBytes: Int) {
        self.bytesPerSecond = bytesPerSecond
        self.burstBytes = burstBytes
    }
}
