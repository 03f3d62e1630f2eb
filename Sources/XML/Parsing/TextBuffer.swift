/// The runs of text that libxml2 reports one by one, joined.
@safe struct TextBuffer: ~Copyable {
    /// Bytes of memory that are kept between texts.
    private static let keptCapacity = 1_024

    private var base: UnsafeMutablePointer<UInt8>?
    private var capacity = 0
    private var count = 0

    deinit {
        unsafe self.base?.deallocate()
    }

    var isEmpty: Bool { self.count == 0 }

    mutating func append(_ run: UnsafeBufferPointer<UInt8>) {
        guard let start = run.baseAddress else { return }
        unsafe (self.room(for: run.count) + self.count).update(from: start, count: run.count)
        self.count += run.count
    }

    /// What was appended since this was called last.
    mutating func take() -> String {
        let text = unsafe String(copying: UnsafeBufferPointer(start: self.base, count: self.count))
        self.removeAll()
        return text
    }

    mutating func removeAll() {
        self.count = 0
        guard self.capacity > Self.keptCapacity else { return }
        unsafe self.base?.deallocate()
        unsafe self.base = nil
        self.capacity = 0
    }

    /// Memory that holds what there is and `more` bytes.
    private mutating func room(for more: Int) -> UnsafeMutablePointer<UInt8> {
        if let base = unsafe self.base, self.count + more <= self.capacity { return unsafe base }
        let capacity = max(2 * self.capacity, self.count + more, 64)
        let larger = UnsafeMutablePointer<UInt8>.allocate(capacity: capacity)
        if let base = unsafe self.base {
            unsafe larger.update(from: base, count: self.count)
            unsafe base.deallocate()
        }
        unsafe self.base = larger
        self.capacity = capacity
        return unsafe larger
    }
}
