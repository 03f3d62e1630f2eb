package import CloudModel

/// What the shell has to do next, in this order.
package enum AllianceDirective: Hashable, Sendable {
    /// Send `<invitation/>` and report the answer to `Alliance.invitationAnswered`.
    case sendInvitation(SiteID)
    /// Send `<acceptance/>` and report the answer to `Alliance.acceptanceAnswered`.
    case sendAcceptance(SiteID)
    /// Send `<departure/>`; the answer does not matter.
    case sendDeparture(SiteID)
    /// Push the row; if it is lost the next heartbeat replaces it.
    case push(Row, to: SiteID)
    /// Ask `from` for the newest row of `of` and pass what comes to `Alliance.receive`.
    case fetchRow(of: SiteID, from: SiteID)
    /// Measure the round trip and report it to `Alliance.pingAnswered` or `Alliance.pingFailed`.
    case ping(SiteID)
    /// Keep this before anything else is done.
    case save(Member)
    /// Delete what is kept of that site.
    case forget(SiteID)
    /// Keep our incarnation before anything else is done.
    case saveIncarnation(UInt64)
    /// Keep the present rows, so that a restart does not begin blind.
    case saveRows
    /// What is seen of that site is different now.
    case changed(SiteID)
    /// Something an admin may want to know; to be logged once.
    case report(AllianceReport)
}
