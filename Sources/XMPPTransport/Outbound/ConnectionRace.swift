/// Which of several places a connection is made to: the next attempt begins a moment after the one before, or at once when
/// that one fails, and the first connection counts (RFC 8305 §5).
///
/// Pure; places are known by their index, in the order of trying.
struct ConnectionRace: Sendable {
    enum Directive: Hashable, Sendable {
        case connect(Int)
        /// Call `staggerOver` with that place once the stagger is over.
        case wait(after: Int)
        case won(Int)
        /// Give up the attempt, or close the connection if it was made.
        case close(Int)
        /// Every attempt has failed.
        case lost
    }

    private let count: Int
    private var next = 0
    private var underWay: Set<Int> = []
    private(set) var failed: Set<Int> = []
    private var isOver = false

    init(count: Int) {
        self.count = count
    }

    mutating func start() -> [Directive] {
        self.count == 0 ? self.lose() : self.beginNext()
    }

    /// Too much time has passed since the attempt at that place began.
    mutating func staggerOver(after index: Int) -> [Directive] {
        guard !self.isOver, index == self.next - 1 else { return [] }
        return self.beginNext()
    }

    mutating func failed(_ index: Int) -> [Directive] {
        guard self.underWay.remove(index) != nil else { return [] }
        self.failed.insert(index)
        guard !self.isOver else { return [] }
        // An older attempt that fails changes nothing: the next one waits for its time.
        if index == self.next - 1, self.next < self.count { return self.beginNext() }
        return self.underWay.isEmpty && self.next == self.count ? self.lose() : []
    }

    mutating func connected(_ index: Int) -> [Directive] {
        guard self.underWay.remove(index) != nil else { return [] }
        guard !self.isOver else { return [.close(index)] }
        self.isOver = true
        defer { self.underWay = [] }
        return [.won(index)] + self.underWay.sorted().map { .close($0) }
    }

    private mutating func beginNext() -> [Directive] {
        guard self.next < self.count else { return [] }
        let index = self.next
        self.next += 1
        self.underWay.insert(index)
        return self.next < self.count ? [.connect(index), .wait(after: index)] : [.connect(index)]
    }

    private mutating func lose() -> [Directive] {
        self.isOver = true
        return [.lost]
    }
}
