import CloudModel
import Gossip
import Logging

extension AllianceReport {
    /// One line in the log.
    func log(to logger: Logger) {
        switch self {
        case .badRow(let origin, let neighbour, let problem):
            logger.warning(
                "dropped a row",
                metadata: ["origin": "\(origin)", "neighbour": "\(neighbour)", "problem": "\(problem)"])
        case .keyChanged(let site, let offered):
            logger.error(
                "a site shows another key than the accepted one and is quarantined",
                metadata: ["site": "\(site)", "offered": "\(offered)"])
        case .invitedBy(let site): logger.notice("a site invites us", metadata: ["site": "\(site)"])
        case .joined(let site): logger.notice("allied with a site", metadata: ["site": "\(site)"])
        case .departed(let site, let reason):
            logger.notice("a site left", metadata: ["site": "\(site)", "reason": "\(reason ?? "-")"])
        case .reachability(let site, let reachability):
            logger.notice(
                "reachability of a site changed",
                metadata: ["site": "\(site)", "reachability": "\(reachability.rawValue)"])
        case .raisedIncarnation(let incarnation, let neighbour):
            logger.warning(
                "a site holds a row of ours that we do not remember; going on above it",
                metadata: ["incarnation": "\(incarnation)", "shown-by": "\(neighbour)"])
        case .ownRowLarge(let bytes):
            logger.warning("our row is larger than rows should be", metadata: ["bytes": "\(bytes)"])
        }
    }
}
