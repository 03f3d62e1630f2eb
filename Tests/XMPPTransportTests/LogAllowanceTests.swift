import Testing

@testable import XMPPTransport

@Suite("Lines of the log for what strangers do")
struct LogAllowanceTests {
    @Test("So many a minute for one source, and then it is told how many there would have been")
    func perSource() {
        var allowance = LogAllowance<String>(linesPerSource: 2, lines: 10)
        #expect(allowance.take("a", inMinute: 7) == .write(unwritten: 0))
        #expect(allowance.take("a", inMinute: 7) == .write(unwritten: 0))
        for _ in 0..<5 { #expect(allowance.take("a", inMinute: 7) == .skip) }
        #expect(allowance.take("b", inMinute: 7) == .write(unwritten: 5))
        #expect(allowance.take("b", inMinute: 7) == .write(unwritten: 0))
        #expect(allowance.take("b", inMinute: 7) == .skip)
        #expect(allowance.take("a", inMinute: 8) == .write(unwritten: 1))
    }

    @Test("So many a minute for all sources together")
    func inAll() {
        var allowance = LogAllowance<Int>(linesPerSource: 1, lines: 3)
        for source in 0..<3 { #expect(allowance.take(source, inMinute: 0) == .write(unwritten: 0)) }
        for source in 3..<1_000 { #expect(allowance.take(source, inMinute: 0) == .skip) }
        #expect(allowance.take(0, inMinute: 1) == .write(unwritten: 997))
    }

    @Test("Without configuration ten for an address and 300 in all")
    func defaults() {
        #expect(TransportLimits().refusalLinesPerAddress == 10)
        #expect(TransportLimits().refusalLines == 300)
    }
}
