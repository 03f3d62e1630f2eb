package import CloudModel

/// One measurement, or the mean of several: a number for each figure that could be measured.
package struct LoadSample: Hashable, Sendable {
    private var values = [Double?](repeating: nil, count: LoadFigure.allCases.count)

    package init() {}

    package init(_ values: [LoadFigure: Double]) {
        for (figure, value) in values { self[figure] = value }
    }

    /// Nil if it is not known; what is no number never is.
    package subscript(figure: LoadFigure) -> Double? {
        get { self.values[figure.index] }
        set { self.values[figure.index] = newValue.flatMap { $0.isFinite ? $0 : nil } }
    }
}

extension LoadFigure {
    /// Where it stands in `allCases`.
    fileprivate var index: Int {
        switch self {
        case .cpu: 0
        case .memory: 1
        case .disk: 2
        case .diskBusy: 3
        case .diskRead: 4
        case .diskWrite: 5
        case .networkIn: 6
        case .networkOut: 7
        case .cpuPressure: 8
        case .memoryPressure: 9
        case .ioPressure: 10
        }
    }
}
