package import CloudModel

/// How a coordinator sees and reaches the sites: over XMPP, or in memory for tests.
package protocol SiteAccess: Sendable {
    /// What is known of every site now; MUST NOT wait for any of them.
    func view() async -> AllianceView

    /// Asks `site` and waits for its answer, at most `timeout`; a failure is an answer like any other.
    func ask(
        _ request: SiteRequest, of site: SiteID, timeout: Duration
    ) async -> Result<SiteAnswer, SiteFailure>
}
