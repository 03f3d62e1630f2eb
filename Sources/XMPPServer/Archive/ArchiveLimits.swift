/// How much is archived, for how long, and how much of it is given at once.
package struct ArchiveLimits: Hashable, Sendable {
    /// After so many days a message is no longer shown, and removed with the next pruning.
    package var days: Int
    /// Messages of one archive; the oldest go first.
    ///
    /// Looked after each time an archive has grown by ``slack``, so that it may have so many more for a while.
    package var messages: Int
    /// Messages by which an archive grows before it is trimmed.
    package var slack: Int
    /// Bytes of one archive's messages, as XML; the oldest go first.
    ///
    /// Looked after when an archive first grows after the start, and each time it has grown by ``slackBytes``.
    package var bytes: Int
    /// Bytes by which an archive grows before it is weighed.
    package var slackBytes: Int
    /// Messages of one page: what a client may ask for, and what it gets that does not ask.
    package var pageMessages: Int
    /// Bytes of one page's messages, so that it fits into what may wait for a client; one message is always given.
    package var pageBytes: Int
    /// Addresses in an account's preferences, both lists together.
    package var preferenceAddresses: Int
    /// What one stream may have waiting for the disk before it is not read from for a while: messages to write and
    /// stanzas to hand out; and how many acknowledgements wait with them, beyond which the newest stands for the last.
    package var waitingPerStream: Int

    package init(
        days: Int = 365, messages: Int = 50_000, slack: Int = 1_000, bytes: Int = 134_217_728,
        slackBytes: Int = 8_388_608, pageMessages: Int = 100, pageBytes: Int = 524_288,
        preferenceAddresses: Int = 500, waitingPerStream: Int = 64
    ) {
        self.days = days
        self.messages = messages
        self.slack = slack
        self.bytes = bytes
        self.slackBytes = slackBytes
        self.pageMessages = pageMessages
        self.pageBytes = pageBytes
        self.preferenceAddresses = preferenceAddresses
        self.waitingPerStream = waitingPerStream
    }
}
