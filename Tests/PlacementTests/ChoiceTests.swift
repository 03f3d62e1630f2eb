import CloudModel
import Placement
import Testing

@Suite("Which of the good sites is asked")
struct ChoiceTests {
    @Test("While nobody refuses the best is taken; after a refusal one of the best eight, for twenty choices")
    func width() {
        var choice = ChoiceWidth()
        for _ in 0..<100 {
            #expect(choice.width == 1)
            choice.chosen()
        }
        choice.refused()
        for _ in 0..<ChoiceWidth.quietAfter {
            #expect(choice.width == SiteIndex.usualBreadth)
            choice.chosen()
        }
        #expect(choice.width == 1)
        choice.refused()
        #expect(choice.width == SiteIndex.usualBreadth)
    }

    @Test(
        "A silent site gets no new work for a while, or until it answers; what is heard of it stays as it is")
    func silence() {
        let start = Instant(millisecondsSinceEpoch: 1_000_000)
        let site = SiteID("a.test")
        var sites = SilentSites()
        func reachability(_ later: Duration, heardAs heard: Reachability = .reachable) -> Reachability {
            sites.reachability(of: site, heardAs: heard, now: start.advanced(by: later))
        }
        #expect(reachability(.zero) == .reachable)
        sites.silent(site, now: start)
        #expect(reachability(.zero) == .unreachable)
        #expect(reachability(SilentSites.pause - .milliseconds(1)) == .unreachable)
        #expect(reachability(SilentSites.pause) == .reachable)
        #expect(reachability(SilentSites.pause, heardAs: .suspect) == .suspect)
        // The clock was set back since, by little or by much.
        #expect(reachability(.milliseconds(1) - SilentSites.pause) == .unreachable)
        #expect(reachability(.zero - SilentSites.pause) == .reachable)
        #expect(reachability(.seconds(-900)) == .reachable)
        sites.answered(site)
        #expect(reachability(.zero) == .reachable)
    }
}
