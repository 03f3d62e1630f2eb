import CloudModel
import Placement
import TestRandomness
import Testing

@Suite("Which of the good sites is asked")
struct ChoiceTests {
    private let options = (0..<20).map { "site-\($0)" }

    @Test("While nobody refuses the best is taken")
    func quiet() {
        var choice = ChoiceWidth()
        var generator = SeededGenerator(seed: 1)
        #expect(choice.width == 1)
        for _ in 0..<100 {
            #expect(choice.choose(among: self.options, using: &generator) == "site-0")
        }
        #expect(choice.choose(among: [String](), using: &generator) == nil)
    }

    @Test("After a refusal one of the best eight is taken, for twenty choices", arguments: 0 as UInt64..<50)
    func refused(seed: UInt64) {
        var choice = ChoiceWidth()
        var generator = SeededGenerator(seed: seed)
        choice.refused()
        var chosen: Set<String> = []
        for _ in 0..<ChoiceWidth.quietAfter {
            #expect(choice.width == ChoiceWidth.widest)
            if let site = choice.choose(among: self.options, using: &generator) { chosen.insert(site) }
        }
        #expect(chosen.isSubset(of: self.options.prefix(ChoiceWidth.widest)))
        #expect(chosen.count > 1)
        #expect(choice.width == 1)
        choice.refused()
        #expect(choice.width == ChoiceWidth.widest)
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
        sites.answered(site)
        #expect(reachability(.zero) == .reachable)
    }
}
