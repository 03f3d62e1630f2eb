/// What a domain answers to questions that go the way of every other stanza.
package struct AnswerFacts: Hashable, Sendable {
    /// Times of XEP-0199 pings after the first, which may have had a connection to make; nil if none was answered.
    package var roundTrip: Duration?
    /// Why the ping was not answered.
    package var refusal: StanzaError?
    /// How far their clock is ahead of ours (XEP-0202); nil if they do not say.
    package var clockLead: Duration?
    /// What they say they are (XEP-0092).
    package var software: String?

    package init() {}
}
