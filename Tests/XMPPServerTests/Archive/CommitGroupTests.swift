import TestRandomness
import Testing

@testable import XMPPServer

@Suite("Group commit")
struct CommitGroupTests {
    @Test(
        "What waits for nothing is let out at once; what follows a write waits for it, of that origin alone")
    func order() throws {
        var group = CommitGroup<String, String>(limit: 10)
        #expect(group.admit([], ["a"], of: "one") == ["a"])
        #expect(group.admit(["A"], ["b"], of: "one") == [])
        #expect(group.admit([], ["c"], of: "one") == [])
        #expect(group.admit([], ["d"], of: "two") == ["d"])
        let batchTaken = group.take()
        let batch = try #require(batchTaken)
        #expect(batch.entries == ["A"])
        #expect(batch.outputs == ["b", "c"])
        // While it is written, more comes.
        #expect(group.admit([], ["e"], of: "one") == [])
        _ = group.finish(batch)
        let nextTaken = group.take()
        let next = try #require(nextTaken)
        #expect(next.entries.isEmpty)
        #expect(next.outputs == ["e"])
        _ = group.finish(next)
        #expect(group.take() == nil)
        #expect(group.isIdle)
        #expect(group.admit([], ["f"], of: "one") == ["f"])
    }

    @Test("An origin is held back at the limit, once, and released below it", arguments: [1, 2, 64])
    func limit(limit: Int) throws {
        var group = CommitGroup<Int, Int>(limit: limit)
        for number in 1..<limit {
            _ = group.admit([number], [], of: "one")
            #expect(group.holdBack("one") == false)
        }
        _ = group.admit([limit], [], of: "one")
        #expect(group.holdBack("one") == true)
        #expect(group.holdBack("one") == false)
        #expect(group.holdBack("two") == false)
        let batchTaken = group.take()
        let batch = try #require(batchTaken)
        #expect(group.finish(batch) == ["one"])
        #expect(group.holdBack("one") == false)
    }

    @Test("Somebody who waits for all before him hears when it is done, and at once if nothing waits")
    func following() throws {
        var group = CommitGroup<Int, String>(limit: 10)
        #expect(group.follow("never taken") == false)
        _ = group.admit([1], [], of: "one")
        let firstTaken = group.take()
        let first = try #require(firstTaken)
        #expect(group.follow("done") == true)
        _ = group.finish(first)
        let secondTaken = group.take()
        let second = try #require(secondTaken)
        #expect(second.outputs == ["done"])
        _ = group.finish(second)
        #expect(group.isIdle)
    }

    @Test(
        "Whatever comes when: each origin's order holds, and nothing is let out before it is written",
        arguments: 0 as UInt64..<200)
    func anyOrder(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        var group = CommitGroup<Int, [Int]>(limit: 3)
        var written: Set<Int> = []
        var said: [Int: [Int]] = [:]
        var next = 0
        var pending: CommitGroup<Int, [Int]>.Batch?
        // An output says which origin it is of, its number, and what must be on disk first.
        func say(_ outputs: [[Int]]) {
            for output in outputs {
                for entry in output.dropFirst(2) { #expect(written.contains(entry)) }
                said[output[0], default: []].append(output[1])
            }
        }
        for _ in 0..<300 {
            switch Int.random(in: 0..<4, using: &random) {
            case 0:
                if pending == nil { pending = group.take() }
            case 1:
                if let batch = pending {
                    written.formUnion(batch.entries)
                    say(batch.outputs)
                    _ = group.finish(batch)
                    pending = nil
                }
            case let choice:
                let origin = Int.random(in: 0..<4, using: &random)
                next += 1
                let entries = choice == 2 ? [next] : []
                say(group.admit(entries, [[origin, next] + entries], of: "\(origin)"))
            }
        }
        while let batch = pending ?? group.take() {
            pending = nil
            written.formUnion(batch.entries)
            say(batch.outputs)
            _ = group.finish(batch)
        }
        #expect(group.isIdle)
        for numbers in said.values { #expect(numbers == numbers.sorted()) }
        #expect(said.values.reduce(0) { $0 + $1.count } == next)
    }

    @Test("What follows an origin's own is said after it; who has nothing waiting is not held up by others")
    func followers() throws {
        var group = CommitGroup<Int, String>(limit: 10)
        #expect(group.follow("a", of: "one", mayGiveWay: true) == false)
        _ = group.admit([1], ["first"], of: "one")
        #expect(group.follow("b", of: "two", mayGiveWay: true) == false)
        #expect(group.follow("c", of: "one", mayGiveWay: true) == true)
        let first = group.take()
        let written = try #require(first)
        #expect(written.outputs == ["first", "c"])
        // Being written: what follows now goes with the next.
        #expect(group.follow("d", of: "one", mayGiveWay: true) == true)
        _ = group.finish(written)
        let second = group.take()
        let next = try #require(second)
        #expect(next.entries.isEmpty)
        #expect(next.outputs == ["d"])
        _ = group.finish(next)
        #expect(group.isIdle)
    }

    @Test(
        "Attack: somebody asks without end. So many questions wait as the limit says, the newest among them")
    func manyFollowers() throws {
        var group = CommitGroup<Int, Int>(limit: 3)
        _ = group.admit([1], [], of: "one")
        for number in 1...20_000 { #expect(group.follow(number, of: "one", mayGiveWay: true) == true) }
        let taken = group.take()
        let batch = try #require(taken)
        #expect(batch.outputs == [1, 2, 20_000])
        for number in 1...2 { #expect(group.follow(number, of: "one", mayGiveWay: true) == true) }
        _ = group.finish(batch)
        #expect(group.take()?.outputs == [1, 2])
    }

    @Test("What may not give way stays, whatever is asked after it, and comes before that")
    func lasting() throws {
        var group = CommitGroup<Int, String>(limit: 1)
        _ = group.admit([1], [], of: "one")
        for (output, mayGiveWay) in [("a", true), ("resumed", false), ("b", true), ("c", true)] {
            #expect(group.follow(output, of: "one", mayGiveWay: mayGiveWay) == true)
        }
        #expect(group.take()?.outputs == ["a", "resumed", "c"])
    }
}
