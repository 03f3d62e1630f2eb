/// What an event comes to.
package enum DomainStep: Hashable, Sendable {
    case done([DomainDirective])
    /// Nothing has changed yet: the same event is handled again, alone, and then this is carried out.
    case durable(DurableStep)
}
