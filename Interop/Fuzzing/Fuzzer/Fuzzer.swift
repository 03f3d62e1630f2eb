import FuzzTargets
import Glibc

/// libFuzzer's own main, without the name that SwiftPM gives to ours.
@_silgen_name("LLVMFuzzerRunDriver")
private func runDriver(
    _ count: UnsafeMutablePointer<CInt>,
    _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>>,
    _ test: @convention(c) (UnsafePointer<UInt8>?, Int) -> CInt
) -> CInt

/// `Fuzzer TARGET …`: the rest are libFuzzer's own arguments.
@main
enum Fuzzer {
    static func main() {
        guard CommandLine.arguments.count > 1, let target = FuzzTarget(rawValue: CommandLine.arguments[1])
        else {
            print("usage: Fuzzer \(FuzzTarget.allCases.map(\.rawValue).joined(separator: "|")) ARGUMENTS")
            exit(2)
        }
        // The target takes the place of the program's name.
        var count = CommandLine.argc - 1
        var arguments = unsafe CommandLine.unsafeArgv + 1
        let code =
            switch target {
            case .xml:
                unsafe runDriver(
                    &count, &arguments, { unsafe Fuzzer.run(.xml, $0, $1) })
            case .negotiation:
                unsafe runDriver(
                    &count, &arguments, { unsafe Fuzzer.run(.negotiation, $0, $1) })
            case .sasl:
                unsafe runDriver(
                    &count, &arguments, { unsafe Fuzzer.run(.sasl, $0, $1) })
            case .routing:
                unsafe runDriver(
                    &count, &arguments, { unsafe Fuzzer.run(.routing, $0, $1) })
            }
        exit(code)
    }

    /// What libFuzzer calls with each input.
    private static func run(_ target: FuzzTarget, _ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
        do {
            try target.check(unsafe Array(UnsafeBufferPointer(start: start, count: count)))
        } catch {
            fatalError("\(target): \(error)")
        }
        return 0
    }
}
