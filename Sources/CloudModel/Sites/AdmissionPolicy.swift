/// Whether a site takes new work from others, and whether it keeps what it has.
package enum AdmissionPolicy: String, Hashable, Codable, Sendable, CaseIterable {
    case open
    /// Takes nothing new: its owner wants it empty in time.
    ///
    /// Nothing is moved for that alone: a site that wants its replicas placed elsewhere says so besides
    /// (`SiteDescription.isBeingEmptied`), as earlier releases did not.
    case draining
    /// Keeps what it runs, takes nothing new.
    case closed
}
