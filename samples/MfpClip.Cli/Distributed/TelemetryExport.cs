using MfpClip.Diagnostics;
using MfpClip.Distributed;
using OpenTelemetry;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;

namespace MfpClip.Cli.Distributed;

/// <summary>Metrics and traces to an OpenTelemetry collector, where its own environment variables (OTEL_EXPORTER_OTLP_ENDPOINT and so on) name one.</summary>
internal sealed class TelemetryExport : IDisposable
{
    private const string Endpoint = "OTEL_EXPORTER_OTLP_ENDPOINT", Service = "OTEL_SERVICE_NAME";
    private readonly List<IDisposable> _providers = [];

    /// <param name="instance">The worker's name.</param>
    public TelemetryExport(string instance)
    {
        if (IsSet(Endpoint) || IsSet("OTEL_EXPORTER_OTLP_METRICS_ENDPOINT"))
        {
            _providers.Add(Sdk.CreateMeterProviderBuilder().ConfigureResource(Name).AddMeter(MfpClipTelemetry.MeterName, WorkTelemetry.MeterName)
                .AddOtlpExporter().Build());
        }

        if (IsSet(Endpoint) || IsSet("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"))
        {
            _providers.Add(Sdk.CreateTracerProviderBuilder().ConfigureResource(Name)
                .AddSource(MfpClipTelemetry.ActivitySourceName, WorkTelemetry.ActivitySourceName).AddOtlpExporter().Build());
        }

        void Name(ResourceBuilder resource) =>
            resource.AddService(IsSet(Service) ? Environment.GetEnvironmentVariable(Service)! : "mfpclip", serviceInstanceId: instance);
    }

    /// <summary>Sends what is left.</summary>
    public void Dispose() => _providers.ForEach(p => p.Dispose());

    private static bool IsSet(string variable) => !string.IsNullOrEmpty(Environment.GetEnvironmentVariable(variable));
}
