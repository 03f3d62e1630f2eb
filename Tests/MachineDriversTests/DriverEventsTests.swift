import CloudModel
import MachineDrivers
import TestRandomness
import Testing

@Suite
struct DriverEventsTests {
    private static func event(_ number: UInt64) -> DriverEvent {
        var generator = SeededGenerator(seed: number)
        return .removed(MachineID(randomUsing: &generator))
    }

    @Test("A full buffer loses nothing; one event more, and the loss is told after what was kept")
    func overflow() async {
        let events = DriverEvents(capacity: 4)
        var iterator = events.subscribe().makeAsyncIterator()
        for number in 0..<4 as Range<UInt64> { events.publish(Self.event(number)) }
        for number in 0..<4 as Range<UInt64> {
            #expect(await iterator.next() == Self.event(number))
        }
        for number in 0..<5 as Range<UInt64> { events.publish(Self.event(number)) }
        var seen: [DriverEvent] = []
        for _ in 0..<4 {
            if let event = await iterator.next() { seen.append(event) }
        }
        #expect(seen.last == .resynchronize)
    }

    @Test("However many are lost, the last thing told is not a loss in silence", arguments: 5..<40)
    func everyOverflow(count: Int) async {
        let events = DriverEvents(capacity: 4)
        var iterator = events.subscribe().makeAsyncIterator()
        for number in 0..<UInt64(count) { events.publish(Self.event(number)) }
        var seen: [DriverEvent] = []
        for _ in 0..<4 {
            if let event = await iterator.next() { seen.append(event) }
        }
        #expect(seen.contains(.resynchronize))
    }
}
