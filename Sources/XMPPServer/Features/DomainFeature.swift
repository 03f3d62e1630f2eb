package import XMPP

/// One feature of the server as all else sees it: which requests it answers and what it announces.
///
/// A feature is a static value in its own folder, listed in ``all``. What is announced in service discovery and in the
/// stream's features is gathered from here and nowhere else, so that nothing is announced that is not there.
/// What a feature does with stanzas that pass by is in `LocalDomain+Traffic.swift`.
package struct DomainFeature: Sendable {
    package typealias AccountHandler = @Sendable (inout LocalDomain, AccountRequest) -> DomainStep
    /// Nil leaves the request to the local service.
    package typealias DomainHandler = @Sendable (inout LocalDomain, DomainRequest) -> DomainStep?

    /// Who may ask an account something; all others hear what they would hear if there were no such account.
    package enum Audience: Hashable, Sendable {
        /// The account's own clients; people who may know of the account are told `forbidden`.
        case owner
        /// The owner and those who may see the owner's presence.
        case viewers
        /// Anybody: the handler sees to it that the answer for an account without what is asked for is the same
        /// `service-unavailable` as for no account.
        case anyone
    }

    /// A request that the server answers in an account's name.
    package struct AccountQuery: Sendable {
        package let audience: Audience
        package let handle: AccountHandler

        package init(for audience: Audience, _ handle: @escaping AccountHandler) {
            self.audience = audience
            self.handle = handle
        }
    }

    /// In a word, for messages about the feature.
    package let name: String
    /// Announced after authentication (RFC 6120 §4.3.2).
    package var streamFeatures: [StreamFeature] = []
    /// What an account announces to those who may ask it.
    package var accountFeatures: [String] = []
    package var accountIdentities: [DiscoInfo.Identity] = []
    /// What an account lists at a node, or at no node; nil if the feature has no such node.
    package var accountItems:
        (@Sendable (LocalDomain, AccountRequest, _ node: String?) -> [DiscoItems.Item]?)?
    /// What a node of an account is; nil if the feature has no such node.
    package var accountNode: (@Sendable (LocalDomain, AccountRequest, _ node: String) -> DiscoInfo?)?
    /// What the domain announces to everybody.
    package var domainFeatures: [String] = []
    package var domainIdentities: [DiscoInfo.Identity] = []
    package var accountQueries: [QueryName: AccountQuery] = [:]
    package var domainQueries: [QueryName: DomainHandler] = [:]

    package init(_ name: String) {
        self.name = name
    }

    /// Every feature of the server, in the order in which stream features are written.
    package static let all: [DomainFeature] = [
        .binding, .roster, .discovery, .liveness, .softwareVersion, .offlineMessages, .stableIDs, .carbons,
        .blocking, .archive,
        .personalEvents, .vCards, .privateData, .lastActivity, .registration, .resumption, .clientState,
    ]
}
