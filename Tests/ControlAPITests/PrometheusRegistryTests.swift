import ControlAPI
import CoreMetrics
import Testing

@Suite("PrometheusRegistry")
struct PrometheusRegistryTests {
    @Test("The text is what Prometheus reads: sorted, typed, escaped")
    func printsText() {
        let registry = PrometheusRegistry()
        let labels = [("site", "a\"b\\c\nd"), ("2nd-label", "x")]
        registry.makeCounter(label: "requests.total", dimensions: labels).increment(by: 3)
        registry.makeCounter(label: "requests.total", dimensions: []).increment(by: 1)
        registry.makeMeter(label: "load", dimensions: []).set(0.5)
        registry.makeRecorder(label: "size", dimensions: [], aggregate: true).record(10 as Int64)
        registry.makeRecorder(label: "size", dimensions: [], aggregate: true).record(5 as Int64)
        #expect(
            registry.text == """
                # TYPE load gauge
                load 0.5
                # TYPE requests_total counter
                requests_total 1
                requests_total{site="a\\"b\\\\c\\nd",_2nd_label="x"} 3
                # TYPE size summary
                size_sum 15
                size_count 2
                # TYPE tradewind_metrics_series_dropped_total counter
                tradewind_metrics_series_dropped_total 0

                """)
    }

    @Test("Timers fill buckets that add up")
    func fillsBuckets() {
        let registry = PrometheusRegistry()
        let timer = registry.makeTimer(label: "t", dimensions: [("k", "v")])
        timer.recordNanoseconds(1_000_000)
        timer.recordNanoseconds(30_000_000)
        timer.recordNanoseconds(90_000_000_000)
        let text = registry.text
        #expect(text.contains("t_bucket{k=\"v\",le=\"0.001\"} 1\n"))
        #expect(text.contains("t_bucket{k=\"v\",le=\"0.05\"} 2\n"))
        #expect(text.contains("t_bucket{k=\"v\",le=\"60\"} 2\n"))
        #expect(text.contains("t_bucket{k=\"v\",le=\"+Inf\"} 3\n"))
        #expect(text.contains("t_count{k=\"v\"} 3\n"))
    }

    @Test("Series are limited; what is over is counted, and what is destroyed makes room")
    func limitsSeries() {
        let registry = PrometheusRegistry()
        var last: (any CounterHandler)?
        for index in 0..<PrometheusRegistry.seriesLimit {
            last = registry.makeCounter(label: "c", dimensions: [("i", String(index))])
        }
        #expect(registry.text.contains("dropped_total 0\n"))
        registry.makeCounter(label: "over", dimensions: []).increment(by: 1)
        #expect(registry.text.contains("dropped_total 1\n"))
        #expect(!registry.text.contains("over"))
        if let last { registry.destroyCounter(last) }
        registry.makeCounter(label: "over", dimensions: []).increment(by: 1)
        #expect(registry.text.contains("over 1\n"))
    }
}
