import CloudModel
import Coordinator
import Gossip
import Participant
import Placement

extension AllianceView {
    /// What the federation knows of the members at `now`, and this site itself if it is one.
    ///
    /// `position` is where this process is: a landmark from which what it measured corrects estimates.
    init(
        _ known: [KnownSite], at here: SiteID, position: Position?, own: SiteDescription?, now: Instant
    ) {
        let members = known.filter { $0.standing == .member }
        var sites: [AllianceView.Site] = []
        if let own {
            sites.append(Site(description: own, received: now, reachability: .reachable))
        }
        for member in members {
            guard let description = member.description else { continue }
            sites.append(
                Site(
                    description: description, received: member.received ?? description.reported,
                    // What is no longer current says nothing about today, whoever answers.
                    reachability: member.isCandidate ? member.reachability : .unreachable))
        }
        let unheard = members.filter { $0.description == nil && $0.role != .coordinator }
        self.init(
            sites: sites,
            unheard: unheard.map {
                UnheardSite(site: $0.id, name: $0.name, reachability: $0.reachability)
            },
            roundTrips: Self.roundTrips(members, at: here), landmarks: position.map { [here: $0] } ?? [:])
    }

    /// What sites say they measured, and above that what this process measured itself.
    private static func roundTrips(_ members: [KnownSite], at here: SiteID) -> RoundTrips {
        var roundTrips = RoundTrips()
        for member in members {
            for path in member.description?.roundTrips ?? [] {
                roundTrips.note(path.milliseconds, claimedBetween: member.id, and: path.site)
            }
        }
        for member in members {
            guard let measured = member.roundTrip else { continue }
            roundTrips.record(measured / .milliseconds(1), between: here, and: member.id)
        }
        return roundTrips
    }
}
