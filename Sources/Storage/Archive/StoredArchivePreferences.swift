/// What one account wants archived.
package struct StoredArchivePreferences: Hashable, Sendable {
    /// The account's bare JID.
    package var archive: String
    /// `always`, `never` or `roster`.
    package var standard: String
    /// JIDs, in the order given.
    package var always: [String]
    package var never: [String]

    package init(archive: String, standard: String, always: [String], never: [String]) {
        self.archive = archive
        self.standard = standard
        self.always = always
        self.never = never
    }
}
