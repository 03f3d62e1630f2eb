import CloudModel
import Coordinator
import Gossip
import Participant
import Placement

extension AllianceView {
    /// What the federation knows of the members now, and this site itself if it is one.
    init(_ federation: FederationService, own: SiteDescription?) async {
        var sites: [AllianceView.Site] = []
        var roundTrips = RoundTrips()
        if let own {
            sites.append(Site(description: own, received: SiteProcess.now(), isReachable: true))
        }
        for known in federation.sites() where known.standing == .member {
            if let roundTrip = known.roundTrip {
                roundTrips.record(
                    Double(roundTrip.wholeMilliseconds), between: federation.site, and: known.id)
            }
            guard let description = known.description else { continue }
            sites.append(
                Site(
                    description: description, received: known.received ?? description.reported,
                    isReachable: known.isCandidate))
        }
        self.init(sites: sites, roundTrips: roundTrips)
    }
}
