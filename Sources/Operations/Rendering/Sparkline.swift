/// A row of numbers as a line of small bars.
enum Sparkline {
    /// The most bars; of more numbers, several share one.
    static let width = 30
    private static let bars = Array("▁▂▃▄▅▆▇█")

    /// Bars from zero to the highest number, oldest first, with a dot where there is none.
    ///
    /// Where several share a bar it is the highest of them, as short peaks are what is looked for.
    static func text(of values: [Value]) -> String {
        let numbers = values.map { value in value.number.flatMap { $0.isFinite ? max(0, $0) : nil } }
        let group = max(1, (numbers.count + Self.width - 1) / Self.width)
        let peaks = stride(from: 0, to: numbers.count, by: group).map { start in
            numbers[start..<min(start + group, numbers.count)].compactMap { $0 }.max()
        }
        let most = peaks.compactMap { $0 }.max() ?? 0
        return String(
            peaks.map { peak -> Character in
                guard let peak else { return "·" }
                let level = most > 0 ? Int((peak / most * Double(Self.bars.count - 1)).rounded()) : 0
                return Self.bars[level]
            })
    }
}
