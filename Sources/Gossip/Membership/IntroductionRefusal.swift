/// Why a site does not take another's invitation or acceptance.
package enum IntroductionRefusal: Hashable, Sendable {
    /// They accept what was never offered, or no longer is.
    case notInvited
    /// They show another key than the one that was pinned.
    case keyChanged
    /// The table of sites, or of invitations nobody has answered, is full.
    case full
}
