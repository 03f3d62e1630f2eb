package import CloudModel
package import XML
package import XMPP

/// Why a site did not do what was asked: `<refusal/>`, the application condition of a stanza error.
///
/// A refusal is a normal answer: the asker goes to the next candidate, better informed by the true `capacity`.
package struct Refusal: Payload, Error {
    package enum Reason: String, Hashable, Sendable, CaseIterable {
        /// Nothing here is large enough now.
        case noRoom = "no-room"
        /// The site is draining or closed.
        case policy
        /// The site is too busy with what it has; its capacity says with what.
        case hot
        /// The asker's share of this site is used up.
        case quota
        /// No grant here lets the asker do this.
        case notGranted = "not-granted"
        /// The request contradicts itself or exceeds a limit.
        case badRequest = "bad-request"
        /// The id or name is taken by something else.
        case conflict
        /// The reservation ran out before it was committed.
        case expired
        /// There is no such reservation or machine here, or it is not the asker's.
        case notFound = "not-found"
        /// The site cannot reach its own hypervisors or disk.
        case outOfOrder = "out-of-order"
        /// A reason that a later version of the protocol knows.
        case other
    }

    package static let elementName = "refusal"
    package static let namespace = Namespace.federation

    package let reason: Reason
    /// What the site really has now, so that the asker's view gets better by the refusal.
    package let capacity: Capacity?

    package init(reason: Reason, capacity: Capacity? = nil) {
        self.reason = reason
        self.capacity = capacity
    }

    package init(parsing element: Element) throws(PayloadError) {
        let reader = try ElementReader(element, named: Self.elementName)
        let capacity = element.child(Capacity.elementName)
        self.reason = Reason(rawValue: try reader.text("reason")) ?? .other
        if let capacity {
            self.capacity = try Capacity(parsing: capacity)
        } else {
            self.capacity = nil
        }
    }

    package var element: Element {
        Element(
            Self.elementName, namespace: Self.namespace, ["reason": self.reason.rawValue],
            self.capacity.map { [$0.element] } ?? [])
    }
}

extension Refusal {
    /// The refusal as it answers a request; `text` says to a person what was asked and what to do next.
    package func stanzaError(_ text: String) -> StanzaError {
        StanzaError(self.reason.condition, text: text, detail: self.element)
    }

    /// The refusal inside `error`; nil if it carries none or one that cannot be read.
    package init?(in error: StanzaError) {
        guard let detail = error.detail, Self.matches(detail) else { return nil }
        do {
            self = try Self(parsing: detail)
        } catch {
            return nil
        }
    }
}

extension Refusal.Reason {
    /// The stanza error condition (RFC 6120 §8.3.3) that programs without our namespace understand.
    package var condition: StanzaError.Condition {
        switch self {
        case .noRoom, .hot: .resourceConstraint
        case .policy: .notAllowed
        case .quota: .policyViolation
        case .notGranted: .forbidden
        case .badRequest: .badRequest
        case .conflict: .conflict
        case .expired: .gone
        case .notFound: .itemNotFound
        case .outOfOrder: .internalServerError
        case .other: .undefinedCondition
        }
    }
}
