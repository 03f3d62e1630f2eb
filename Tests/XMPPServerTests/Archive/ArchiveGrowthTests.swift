import Testing

@testable import XMPPServer

@Suite("Which archives are looked after")
struct ArchiveGrowthTests {
    @Test("An archive is trimmed to its messages each time it has grown by the slack")
    func slack() {
        var growth = ArchiveGrowth(limits: ArchiveLimits(slack: 3))
        for _ in 1...2 { growth.note(1, in: "a") }
        #expect(growth.take().counted == [])
        growth.note(1, in: "b")
        growth.note(1, in: "a")
        #expect(growth.take().counted == ["a"])
        for _ in 1...2 { growth.note(1, in: "a") }
        #expect(growth.take().counted == [])
        growth.note(1, in: "a")
        #expect(growth.take().counted == ["a"])
    }

    @Test("It is weighed when it first grows, and each time it has grown by so many bytes")
    func slackBytes() {
        var growth = ArchiveGrowth(limits: ArchiveLimits(slackBytes: 10))
        growth.note(1, in: "a")
        #expect(growth.take().weighed == ["a"])
        growth.note(9, in: "a")
        #expect(growth.take().weighed == [])
        growth.note(1, in: "a")
        #expect(growth.take().weighed == ["a"])
        #expect(growth.take() == ArchiveGrowth.Due())
    }
}
