/// Where two people stand in seeing each other's presence, from the owner's side (RFC 6121 §3 and appendix A).
///
/// The nine states of appendix A are the product of two questions that never touch each other: does the owner see the
/// contact (`outgoing`), and does the contact see the owner (`incoming`). "Both" is established twice; "None + Pending
/// Out/In" is pending twice.
package struct Subscription: Hashable, Sendable {
    /// The standing of one direction.
    package enum Standing: String, Hashable, Sendable, CaseIterable {
        case none
        case pending
        case established
    }

    /// What becomes of a request of the owner's.
    package enum OnSend: Hashable, Sendable {
        case route
        /// Nobody asked for it: it stays here (RFC 6121 §A.2).
        case keep
    }

    /// What becomes of a request of the contact's.
    package enum OnReceive: Hashable, Sendable {
        case deliver
        /// It says nothing new and is not shown (RFC 6121 §A.3).
        case ignore
        /// The owner has already agreed: `subscribed` is the answer (RFC 6121 §3.1.3, §3.4).
        case approve
    }

    /// Whether the owner sees the contact's presence.
    package var outgoing: Standing
    /// Whether the contact sees the owner's presence.
    package var incoming: Standing
    /// Whether a request of the contact's will be granted unasked (RFC 6121 §3.4).
    package var isPreApproved: Bool

    package init(outgoing: Standing = .none, incoming: Standing = .none, isPreApproved: Bool = false) {
        self.outgoing = outgoing
        self.incoming = incoming
        self.isPreApproved = isPreApproved
    }

    /// The owner's client sends `request` to the contact (tables A.2.1 to A.2.4).
    package mutating func send(_ request: SubscriptionRequest) -> OnSend {
        switch (request, self.outgoing, self.incoming) {
        case (.subscribe, .none, _):
            self.outgoing = .pending
            return .route
        case (.subscribe, .pending, _), (.subscribe, .established, _):
            return .route
        case (.unsubscribe, _, _):
            self.outgoing = .none
            return .route
        case (.subscribed, _, .pending):
            self.incoming = .established
            return .route
        case (.subscribed, _, .none):
            self.isPreApproved = true
            return .keep
        case (.subscribed, _, .established):
            return .keep
        case (.unsubscribed, _, .pending), (.unsubscribed, _, .established):
            self.incoming = .none
            self.isPreApproved = false
            return .route
        case (.unsubscribed, _, .none):
            self.isPreApproved = false
            return .keep
        }
    }

    /// The contact sends `request` to the owner (tables A.3.1 to A.3.4).
    package mutating func receive(_ request: SubscriptionRequest) -> OnReceive {
        switch (request, self.outgoing, self.incoming) {
        case (.subscribe, _, .none) where self.isPreApproved:
            self.incoming = .established
            return .approve
        case (.subscribe, _, .none):
            self.incoming = .pending
            return .deliver
        case (.subscribe, _, .pending):
            return .ignore
        case (.subscribe, _, .established):
            return .approve
        case (.unsubscribe, _, .pending), (.unsubscribe, _, .established):
            self.incoming = .none
            return .deliver
        case (.unsubscribe, _, .none):
            return .ignore
        case (.subscribed, .pending, _):
            self.outgoing = .established
            return .deliver
        case (.subscribed, .none, _), (.subscribed, .established, _):
            return .ignore
        case (.unsubscribed, .pending, _), (.unsubscribed, .established, _):
            self.outgoing = .none
            return .deliver
        case (.unsubscribed, .none, _):
            return .ignore
        }
    }
}
