package import CoreMetrics
import Synchronization

/// Keeps what swift-metrics reports and prints it in the text format of Prometheus (version 0.0.4).
package final class PrometheusRegistry: MetricsFactory, Sendable {
    package static let mediaType = "text/plain; version=0.0.4; charset=utf-8"

    /// Series kept at a time.
    ///
    /// A label that takes ever new values must not fill the memory: what comes later is counted in
    /// `tradewind_metrics_series_dropped_total` only.
    package static let seriesLimit = 2_000

    /// Upper bounds of the buckets of timers, in seconds.
    package static let timerBounds: [Double] = [
        0.001, 0.005, 0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 60,
    ]

    private struct State {
        var series: [MetricSeries.Identity: MetricSeries] = [:]
        var dropped = 0
    }

    private let state = Mutex(State())

    package init() {}

    package func makeCounter(label: String, dimensions: [(String, String)]) -> any CounterHandler {
        self.series(.counter, label, dimensions)
    }

    package func makeFloatingPointCounter(
        label: String, dimensions: [(String, String)]
    ) -> any FloatingPointCounterHandler {
        self.series(.counter, label, dimensions)
    }

    package func makeMeter(label: String, dimensions: [(String, String)]) -> any MeterHandler {
        self.series(.gauge, label, dimensions)
    }

    package func makeRecorder(
        label: String, dimensions: [(String, String)], aggregate: Bool
    ) -> any RecorderHandler {
        self.series(aggregate ? .summary : .gauge, label, dimensions)
    }

    package func makeTimer(label: String, dimensions: [(String, String)]) -> any TimerHandler {
        self.series(.histogram(bounds: Self.timerBounds), label, dimensions)
    }

    package func destroyCounter(_ handler: any CounterHandler) { self.forget(handler) }
    package func destroyFloatingPointCounter(_ handler: any FloatingPointCounterHandler) {
        self.forget(handler)
    }
    package func destroyMeter(_ handler: any MeterHandler) { self.forget(handler) }
    package func destroyRecorder(_ handler: any RecorderHandler) { self.forget(handler) }
    package func destroyTimer(_ handler: any TimerHandler) { self.forget(handler) }

    /// Everything, in the exposition format, ordered by name and labels.
    package var text: String {
        let (series, dropped) = self.state.withLock { (Array($0.series.values), $0.dropped) }
        var text = ""
        var lastName: String?
        for one in series.sorted(by: { $0.identity < $1.identity }) {
            if one.identity.name != lastName {
                text += "# TYPE \(one.identity.name) \(one.kind.typeName)\n"
                lastName = one.identity.name
            }
            text += one.text
        }
        text += "# TYPE tradewind_metrics_series_dropped_total counter\n"
        text += "tradewind_metrics_series_dropped_total \(dropped)\n"
        return text
    }

    private func series(
        _ kind: MetricSeries.Kind, _ label: String, _ dimensions: [(String, String)]
    ) -> MetricSeries {
        let identity = MetricSeries.Identity(label, dimensions)
        return self.state.withLock { state in
            if let series = state.series[identity] { return series }
            let series = MetricSeries(identity, kind)
            if state.series.count < Self.seriesLimit {
                state.series[identity] = series
            } else {
                state.dropped += 1
            }
            return series
        }
    }

    private func forget(_ handler: any AnyObject) {
        guard let series = handler as? MetricSeries else { return }
        self.state.withLock { state in
            if state.series[series.identity] === series { state.series[series.identity] = nil }
        }
    }
}
