/// Whether a site takes new work from others.
package enum AdmissionPolicy: String, Hashable, Codable, Sendable, CaseIterable {
    case open
    /// Keeps what it runs, takes nothing new. Also the policy of a site that has not reported yet.
    case draining
    case closed
}
