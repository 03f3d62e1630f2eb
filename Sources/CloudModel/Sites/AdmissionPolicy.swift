/// Whether a site takes new work from others, and whether it keeps what it has.
package enum AdmissionPolicy: String, Hashable, Codable, Sendable, CaseIterable {
    case open
    /// Takes nothing new and is being emptied: coordinators place its replicas elsewhere, one after the other.
    ///
    /// Also the policy of a site that has not reported yet; nothing is moved for that.
    case draining
    /// Keeps what it runs, takes nothing new.
    case closed
}
