/// The lines that somebody who waits was told.
actor ProgressLog {
    private(set) var lines: [String] = []

    func add(_ line: String) { self.lines.append(line) }
}
