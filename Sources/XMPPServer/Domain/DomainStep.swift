/// What an event comes to.
package enum DomainStep: Hashable, Sendable {
    case done([DomainDirective])
    /// Nothing has changed yet: the same event is handled again, alone, and then this is carried out.
    case durable(DurableStep)

    /// The same with more to do at its end, if it does not wait for the disk.
    func followed(by directives: [DomainDirective]) -> DomainStep {
        switch self {
        case .done(let first): .done(first + directives)
        case .durable: self
        }
    }
}
