/// How a site and this one stand to each other, seen from here.
///
/// ```
///            invite             their acceptance or invitation
///   (none) ─────────▶ invited ──────────────────────────────────▶ member
///      │ their invitation       accept             they confirm     │  ▲
///      └──────────▶ invitedBy ────────▶ accepting ──────────────────┘  │ accept (pins the new key)
///                                            another key: quarantined ◀┘
///   leave or departure, from anywhere ─▶ left; an invitation that a stranger takes back is forgotten
/// ```
package enum Standing: String, Hashable, Codable, Sendable, CaseIterable {
    /// We asked them; their admin has not accepted yet.
    case invited
    /// They asked us; our admin has not accepted yet.
    case invitedBy = "invited-by"
    /// Our admin accepted; they have not confirmed yet.
    case accepting
    /// Both agreed and the key is pinned.
    case member
    /// One of us ended it. Nothing of theirs is used; inviting starts anew.
    case left
    /// They showed another key than the pinned one: nothing of theirs is believed until an admin accepts again.
    case quarantined
}
