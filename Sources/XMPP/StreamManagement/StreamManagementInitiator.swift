package import XML

/// Stream management as the side has it that opened the stream, over as many connections as it takes (XEP-0198).
///
/// ```
///            enable            <enabled/>             disconnected             resume              <resumed/>
///   off ───────────▶ enabling ───────────▶ on ───────────────▶ suspended ───────────▶ resuming ───────────▶ on
///    ▲                  │ <failed/>         │ cannot be resumed     ▲ disconnected │ │ <failed/>
///    └──────────────────┴───────────────────┴──────────────────────┬┴──────────────┘ │
///    └─────────────────────────────────────────────────────────────┴─────────────────┘
/// ```
///
/// What is sent while suspended is kept and sent after the resumption.
package struct StreamManagementInitiator<Item: Sendable>: Sendable {
    package enum Directive: Sendable {
        case send(Element)
        /// Acknowledgements work from here on.
        case enabled(StreamManagementElement.Terms)
        /// The peer does not want it: the stream goes on without.
        case refused(StanzaError.Condition)
        /// The former stream goes on: send these again, in this order, before anything else.
        case resumed(again: [Item])
        /// The former stream is gone: bind a resource and enable anew.
        ///
        /// The peer may have handled some of these, the first ones, or none: whoever sent them decides.
        case lost([Item])
        /// The peer broke the rules.
        case close(StreamError)
    }

    private enum State: Hashable, Sendable {
        case off
        case enabling
        case on
        case suspended
        case resuming
    }

    private let limits: StreamManagement<Item>.Limits
    private var state = State.off
    private var management: StreamManagement<Item>
    /// What the server promised when it enabled stream management.
    package private(set) var terms = StreamManagementElement.Terms()

    package init(limits: StreamManagement<Item>.Limits) {
        self.limits = limits
        self.management = StreamManagement(limits: limits)
    }

    /// Whether the next connection may try to resume.
    package var canResume: Bool { self.state == .suspended }

    /// Whether stanzas sent now must not be written: they are among those to be sent again after the resumption.
    package var holdsBack: Bool { self.state == .suspended || self.state == .resuming }

    /// Whether stanzas sent now are counted and kept.
    package var isActive: Bool { self.state != .off }

    /// How many stanzas of this stream the peer has acknowledged, modulo 2^32.
    package var acknowledgedCount: UInt32 {
        self.management.sent &- UInt32(truncatingIfNeeded: self.management.unacknowledgedCount)
    }

    package var unacknowledgedCount: Int { self.management.unacknowledgedCount }

    // MARK: Beginning and resuming

    /// A resource is bound and the server offers stream management; once per stream.
    ///
    /// What is sent after this counts already.
    package mutating func enable(resumptionTime: UInt32? = nil) -> [Directive] {
        guard self.state == .off else { return [] }
        self.state = .enabling
        self.management = StreamManagement(limits: self.limits)
        let request = StreamManagementElement.enable(isResumable: true, resumptionTime: resumptionTime)
        return [.send(request.element)]
    }

    /// The next connection has authenticated and offers stream management, and nothing is bound; nothing is returned
    /// if there is no stream to resume.
    package mutating func resume() -> [Directive] {
        guard self.state == .suspended, let token = self.terms.token else { return [] }
        self.state = .resuming
        let request = StreamManagementElement.resume(token: token, handled: self.management.handled)
        return [.send(request.element)]
    }

    /// The connection is gone without the stream having been closed; `lost` if the stream cannot be resumed.
    package mutating func disconnected() -> [Directive] {
        switch self.state {
        case .off: return []
        case .on where self.terms.token != nil, .suspended, .resuming:
            self.state = .suspended
            return []
        case .on, .enabling: return self.giveUp()
        }
    }

    /// The stream is not to be resumed: it was closed, or its time is over.
    package mutating func giveUp() -> [Directive] {
        guard self.state != .off else { return [] }
        let lost = self.management.unacknowledged
        self.reset()
        return [.lost(lost)]
    }

    private mutating func reset() {
        self.state = .off
        self.terms = StreamManagementElement.Terms()
        self.management = StreamManagement(limits: self.limits)
    }

    // MARK: Stanzas

    /// A stanza is to be sent: at once while on, later while suspended or resuming.
    ///
    /// Without stream management nothing is kept or counted.
    package mutating func send(_ item: Item, bytes: Int) -> StreamManagement<Item>.OnSend {
        guard self.isActive else { return .kept(mustRequest: false) }
        let outcome = self.management.send(item, bytes: bytes)
        // Before `<enabled/>` the server would not know what is asked.
        guard self.state == .enabling, outcome == .kept(mustRequest: true) else { return outcome }
        return .kept(mustRequest: false)
    }

    /// A stanza was received and is this side's responsibility.
    package mutating func handle() {
        switch self.state {
        case .on: self.management.handle()
        case .off, .enabling, .suspended, .resuming: break
        }
    }

    /// The last word before the stream is closed on purpose (XEP-0198 §4), so that nothing is sent twice.
    package var farewell: Element? {
        self.state == .on
            ? StreamManagementElement.answer(handled: self.management.handled).element : nil
    }

    // MARK: What the peer says

    /// An element of the namespace of stream management arrived.
    package mutating func receive(_ element: Element) -> [Directive] {
        let parsed: StreamManagementElement
        do {
            parsed = try StreamManagementElement(parsing: element)
        } catch {
            return [.close(StreamError(.badFormat, text: error.problem))]
        }
        switch (parsed, self.state) {
        case (.enabled(let terms), .enabling): return self.enabled(terms)
        case (.failed(let condition, _), .enabling):
            self.reset()
            return [.refused(condition)]
        case (.resumed(let token, let handled), .resuming) where token == self.terms.token:
            return self.resumed(handled)
        case (.failed(_, let handled), .resuming): return self.refused(handled)
        case (.request, .on):
            return [.send(StreamManagementElement.answer(handled: self.management.handled).element)]
        case (.answer(let handled), .on): return self.acknowledged(handled)
        case (_, _):
            return [.close(StreamError(.policyViolation, text: "<\(element.name)/> is not expected now"))]
        }
    }

    private mutating func enabled(_ terms: StreamManagementElement.Terms) -> [Directive] {
        self.state = .on
        self.terms = terms
        var directives = [Directive.enabled(terms)]
        if self.management.unacknowledgedCount > 0 { directives.append(Self.request) }
        return directives
    }

    private mutating func acknowledged(_ handled: UInt32) -> [Directive] {
        do {
            return try self.management.acknowledge(handled) ? [Self.request] : []
        } catch {
            return [.close(error)]
        }
    }

    private mutating func resumed(_ handled: UInt32) -> [Directive] {
        do {
            let again = try self.management.resume(from: handled)
            self.state = .on
            return [.resumed(again: again)] + (again.isEmpty ? [] : [Self.request])
        } catch {
            return self.giveUp() + [.close(error)]
        }
    }

    /// A server that still knows how much it handled spares us from doing that again; if it makes no sense, it is
    /// as if it had not said it.
    private mutating func refused(_ handled: UInt32?) -> [Directive] {
        if let handled {
            do {
                _ = try self.management.acknowledge(handled)
            } catch {
                return self.giveUp()
            }
        }
        return self.giveUp()
    }

    private static var request: Directive { .send(StreamManagementElement.request.element) }
}

extension StreamManagementInitiator.Directive: Equatable where Item: Equatable {}
