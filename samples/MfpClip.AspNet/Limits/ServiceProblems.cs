using Microsoft.AspNetCore.Diagnostics;
using Microsoft.Extensions.Options;

namespace MfpClip.AspNet.Limits;

/// <summary>Every error as problem+json (RFC 9457) that says what is wrong and what to do.</summary>
internal sealed class ServiceProblems(IProblemDetailsService problems) : IExceptionHandler
{
    public static void Customize(ProblemDetailsOptions options) => options.CustomizeProblemDetails = context =>
    {
        var limits = context.HttpContext.RequestServices.GetRequiredService<IOptions<ServiceLimits>>().Value;
        context.ProblemDetails.Detail ??= context.ProblemDetails.Status switch
        {
            StatusCodes.Status413PayloadTooLarge => FormattableString.Invariant(
                $"The request is larger than the service takes: files of up to {limits.MaximumFileMegabytes} MB each, {limits.MaximumFiles} in one request."),
            StatusCodes.Status400BadRequest => "The request cannot be read. Send a form (multipart/form-data) with a file in the field 'image'.",
            StatusCodes.Status415UnsupportedMediaType => "Send a form (multipart/form-data) with a file in the field 'image'.",
            StatusCodes.Status504GatewayTimeout => FormattableString.Invariant(
                $"The detection took longer than {limits.TimeoutSeconds} s (Service:TimeoutSeconds). Send a smaller photo, or try again."),
            _ => null,
        };
    };

    /// <summary>Whether an error is the sender's or passes, so that the answer says all; the others go to the log.</summary>
    public static bool IsExpected(ExceptionHandlerSuppressDiagnosticsContext context) =>
        context.Exception is PhotoException or ServiceBusyException or BadHttpRequestException or DetectionOptionsException or CalibrationException;

    public async ValueTask<bool> TryHandleAsync(HttpContext context, Exception exception, CancellationToken cancellationToken)
    {
        (int Status, string? Detail) answer = exception switch
        {
            PhotoException photo => (photo.Status, photo.Message),
            ServiceBusyException busy => (StatusCodes.Status503ServiceUnavailable, busy.Message),
            DetectionOptionsException or CalibrationException => (StatusCodes.Status400BadRequest, exception.Message),
            BadHttpRequestException { StatusCode: StatusCodes.Status400BadRequest, InnerException: null } bad => (bad.StatusCode, bad.Message),
            BadHttpRequestException bad => (bad.StatusCode, null),
            _ => (StatusCodes.Status500InternalServerError, "The detection failed; the log of the service has the reason."),
        };
        if (exception is ServiceBusyException)
        {
            context.Response.Headers.RetryAfter = ServiceBusyException.RetryAfterSeconds.ToString(System.Globalization.CultureInfo.InvariantCulture);
        }

        context.Response.StatusCode = answer.Status;
        return await problems.TryWriteAsync(new()
        {
            HttpContext = context, Exception = exception,
            ProblemDetails = { Status = answer.Status, Detail = answer.Detail },
        });
    }
}

/// <summary>A photo cannot be taken; the message is for the person who sent it.</summary>
internal sealed class PhotoException(int status, string message) : Exception(message)
{
    /// <summary>HTTP status.</summary>
    public int Status => status;
}

/// <summary>Registers the limits.</summary>
internal static class ServiceLimitsRegistration
{
    public static IServiceCollection AddServiceLimits(this IServiceCollection services)
    {
        services.AddOptions<ServiceLimits>().BindConfiguration(ServiceLimits.Section, o => o.ErrorOnUnknownConfiguration = true)
            .ValidateDataAnnotations().ValidateOnStart();
        services.AddSingleton<DetectionQueue>();
        services.AddRequestTimeouts();
        services.Configure<RouteHandlerOptions>(o => o.ThrowOnBadRequest = true);
        return services;
    }
}
