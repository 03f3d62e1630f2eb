import HTTPTypes

extension HTTPField.Name {
    /// What makes a repeated request harmless.
    static let idempotencyKey = Self("Idempotency-Key") ?? .ifMatch
    /// Which version of the interface answers.
    static let tradewindVersion = Self("Tradewind-Version") ?? .server
    /// Where a reader of server-sent events was cut off (WHATWG HTML §9.2.4).
    static let lastEventID = Self("Last-Event-ID") ?? .ifRange
}
