import Testing

@testable import XMPPServer

/// The tables of RFC 6121 appendix A, row by row, in the RFC's own names for the states.
@Suite struct SubscriptionTests {
    /// The nine states.
    enum State: String, CaseIterable {
        case none = "None"
        case noneOut = "None + Pending Out"
        case noneIn = "None + Pending In"
        case noneOutIn = "None + Pending Out/In"
        case to = "To"
        case toIn = "To + Pending In"
        case from = "From"
        case fromOut = "From + Pending Out"
        case both = "Both"

        var subscription: Subscription {
            switch self {
            case .none: Subscription()
            case .noneOut: Subscription(outgoing: .pending)
            case .noneIn: Subscription(incoming: .pending)
            case .noneOutIn: Subscription(outgoing: .pending, incoming: .pending)
            case .to: Subscription(outgoing: .established)
            case .toIn: Subscription(outgoing: .established, incoming: .pending)
            case .from: Subscription(incoming: .established)
            case .fromOut: Subscription(outgoing: .pending, incoming: .established)
            case .both: Subscription(outgoing: .established, incoming: .established)
            }
        }
    }

    /// One row: the state, whether the request goes on, and the state after it.
    typealias Row = (from: State, passes: Bool, to: State)

    static let sending: [(SubscriptionRequest, [Row])] = [
        (
            .subscribe,
            [
                (.none, true, .noneOut), (.noneOut, true, .noneOut), (.noneIn, true, .noneOutIn),
                (.noneOutIn, true, .noneOutIn), (.to, true, .to), (.toIn, true, .toIn),
                (.from, true, .fromOut), (.fromOut, true, .fromOut), (.both, true, .both),
            ]
        ),
        (
            .unsubscribe,
            [
                (.none, true, .none), (.noneOut, true, .none), (.noneIn, true, .noneIn),
                (.noneOutIn, true, .noneIn), (.to, true, .none), (.toIn, true, .noneIn),
                (.from, true, .from), (.fromOut, true, .from), (.both, true, .from),
            ]
        ),
        (
            .subscribed,
            [
                (.none, false, .none), (.noneOut, false, .noneOut), (.noneIn, true, .from),
                (.noneOutIn, true, .fromOut), (.to, false, .to), (.toIn, true, .both),
                (.from, false, .from), (.fromOut, false, .fromOut), (.both, false, .both),
            ]
        ),
        (
            .unsubscribed,
            [
                (.none, false, .none), (.noneOut, false, .noneOut), (.noneIn, true, .none),
                (.noneOutIn, true, .noneOut), (.to, false, .to), (.toIn, true, .to),
                (.from, true, .none), (.fromOut, true, .noneOut), (.both, true, .to),
            ]
        ),
    ]

    static let receiving: [(SubscriptionRequest, [Row])] = [
        (
            .subscribe,
            [
                (.none, true, .noneIn), (.noneOut, true, .noneOutIn), (.noneIn, false, .noneIn),
                (.noneOutIn, false, .noneOutIn), (.to, true, .toIn), (.toIn, false, .toIn),
                (.from, false, .from), (.fromOut, false, .fromOut), (.both, false, .both),
            ]
        ),
        (
            .unsubscribe,
            [
                (.none, false, .none), (.noneOut, false, .noneOut), (.noneIn, true, .none),
                (.noneOutIn, true, .noneOut), (.to, false, .to), (.toIn, true, .to),
                (.from, true, .none), (.fromOut, true, .noneOut), (.both, true, .to),
            ]
        ),
        (
            .subscribed,
            [
                (.none, false, .none), (.noneOut, true, .to), (.noneIn, false, .noneIn),
                (.noneOutIn, true, .toIn), (.to, false, .to), (.toIn, false, .toIn),
                (.from, false, .from), (.fromOut, true, .both), (.both, false, .both),
            ]
        ),
        (
            .unsubscribed,
            [
                (.none, false, .none), (.noneOut, true, .none), (.noneIn, false, .noneIn),
                (.noneOutIn, true, .noneIn), (.to, true, .none), (.toIn, true, .noneIn),
                (.from, false, .from), (.fromOut, true, .from), (.both, true, .from),
            ]
        ),
    ]

    @Test("RFC 6121 §A.2: What the owner sends, state by state", arguments: sending.indices)
    func sends(table: Int) {
        let (request, rows) = Self.sending[table]
        #expect(Set(rows.map(\.from)) == Set(State.allCases))
        for row in rows {
            var subscription = row.from.subscription
            let outcome = subscription.send(request)
            subscription.isPreApproved = false
            #expect(outcome == (row.passes ? .route : .keep), "\(request) in \(row.from.rawValue)")
            #expect(subscription == row.to.subscription, "\(request) in \(row.from.rawValue)")
        }
    }

    @Test("RFC 6121 §A.3: What the contact sends, state by state", arguments: receiving.indices)
    func receives(table: Int) {
        let (request, rows) = Self.receiving[table]
        #expect(Set(rows.map(\.from)) == Set(State.allCases))
        for row in rows {
            var subscription = row.from.subscription
            let outcome = subscription.receive(request)
            #expect((outcome == .deliver) == row.passes, "\(request) in \(row.from.rawValue)")
            #expect(subscription == row.to.subscription, "\(request) in \(row.from.rawValue)")
        }
    }

    @Test(
        "A request of somebody who may already see is answered at once",
        arguments: [State.from, .fromOut, .both])
    func repeatedRequest(state: State) {
        var subscription = state.subscription
        let outcome = subscription.receive(.subscribe)
        #expect(outcome == .approve)
    }

    @Test("A pre-approval grants the request that comes later, once")
    func preApproval() {
        var subscription = Subscription()
        let approved = subscription.send(.subscribed)
        #expect(approved == .keep)
        #expect(subscription.isPreApproved)
        let granted = subscription.receive(.subscribe)
        #expect(granted == .approve)
        #expect(subscription.incoming == .established)
        let withdrawn = subscription.send(.unsubscribed)
        #expect(withdrawn == .route)
        let asked = subscription.receive(.subscribe)
        #expect(asked == .deliver)
    }
}
