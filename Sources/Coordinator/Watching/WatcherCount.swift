/// How many watch at present, and whether one more may.
struct WatcherCount {
    /// Those who may watch at the same time, and those of one caller among them.
    static let most = 1_000
    static let mostPerCaller = 20

    enum OnEnter: Hashable {
        case welcome
        case tooMany(ofCaller: Bool)
    }

    private var callers: [String: Int] = [:]
    private var total = 0

    mutating func enter(_ caller: String) -> OnEnter {
        guard self.callers[caller, default: 0] < Self.mostPerCaller else { return .tooMany(ofCaller: true) }
        guard self.total < Self.most else { return .tooMany(ofCaller: false) }
        self.callers[caller, default: 0] += 1
        self.total += 1
        return .welcome
    }

    mutating func leave(_ caller: String) {
        guard let count = self.callers[caller] else { return }
        self.callers[caller] = count > 1 ? count - 1 : nil
        self.total -= 1
    }
}
