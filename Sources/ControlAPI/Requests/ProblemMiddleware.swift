import Hummingbird
import Logging
import Metrics
import Operations

/// Turns whatever a route throws into a problem document, says which version answers, and counts the answers.
struct ProblemMiddleware<Context: RequestContext>: RouterMiddleware {
    @concurrent func handle(
        _ request: Request, context: Context,
        next: @concurrent (Request, Context) async throws -> Response
    ) async throws -> Response {
        var response = await self.response(to: request, context: context, next: next)
        response.headers[.tradewindVersion] = InterfaceVersion.text
        Counter(
            label: "tradewind_http_requests_total",
            dimensions: [
                ("route", context.endpointPath ?? "none"), ("status", String(response.status.code)),
            ]
        ).increment()
        return response
    }

    private func response(
        to request: Request, context: Context,
        next: @concurrent (Request, Context) async throws -> Response
    ) async -> Response {
        do {
            return try await next(request, context)
        } catch let error as OperationError {
            return Answer.response(to: error)
        } catch let error as any HTTPResponseError {
            if error.status == .notFound {
                return Answer.response(
                    to: OperationError(
                        .notFound, "there is nothing at \(request.method) \(request.uri.path)",
                        next: "see /v1/openapi.json"))
            }
            return Answer.response(to: OperationError(.badRequest, "the request is refused: \(error)"))
        } catch {
            context.logger.error("request failed", metadata: ["error": "\(error)"])
            return Answer.response(
                to: OperationError(.internalError, "the request failed; the log of this process says why"))
        }
    }
}
