using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace MfpClip.Distributed;

/// <summary>Work, results and reasons as JSON, in snake case as the library's results. Messages are at most <see cref="MaximumBytes"/>.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(WorkItem))]
[JsonSerializable(typeof(WorkResult))]
[JsonSerializable(typeof(DeadItem))]
[JsonSerializable(typeof(ScoreCalibration))]
internal sealed partial class WorkJson : JsonSerializerContext
{
    /// <summary>Below the mebibyte that NATS takes by default, with room for headers.</summary>
    public const int MaximumBytes = 1_000_000;

    public static WorkJson Readable { get; } = new(new JsonSerializerOptions
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        Converters =
        {
            new JsonStringEnumConverter<DeadCause>(JsonNamingPolicy.SnakeCaseLower),
            new JsonStringEnumConverter<MapPrediction>(JsonNamingPolicy.SnakeCaseLower),
        },
    });

    /// <summary>A work item, or what is wrong with the bytes.</summary>
    public static (WorkItem? Item, string? Fault) ReadItem(ReadOnlySpan<byte> bytes)
    {
        try
        {
            var item = JsonSerializer.Deserialize(bytes, Readable.WorkItem);
            return item is null ? (null, "it is empty") : item.Detector is null ? (null, "it names no detector")
                : item.Faults() is { Count: > 0 } faults ? (null, string.Join("; ", faults)) : (item, null);
        }
        catch (Exception e) when (e is JsonException or NotSupportedException or UriFormatException or InvalidOperationException)
        {
            return (null, $"it is no JSON of a work item ({e.Message})");
        }
    }

    /// <summary>A result in a message's bytes: what is too large is left out in the order map, contours, and a notice says so.</summary>
    public static byte[] Write(WorkResult result)
    {
        byte[] bytes = JsonSerializer.SerializeToUtf8Bytes(result, Readable.WorkResult);
        if (bytes.Length > MaximumBytes && result.Map is not null)
        {
            result = Without(result, "the map") with { Map = null };
            bytes = JsonSerializer.SerializeToUtf8Bytes(result, Readable.WorkResult);
        }

        if (bytes.Length > MaximumBytes)
        {
            result = Without(result, "the contours of regions");
            DefectRegion[] boxes = [.. result.Result.Regions.Select(r => r with { Contour = [] })];
            result = result with { Result = result.Result with { Regions = boxes } };
            bytes = JsonSerializer.SerializeToUtf8Bytes(result, Readable.WorkResult);
        }

        return bytes.Length <= MaximumBytes ? bytes : throw new WorkException(
            $"Image '{result.Result.ImageName}': its result has {result.Result.Regions.Count} regions and {bytes.Length} bytes; a message "
                + $"holds {MaximumBytes}. Raise the pixel threshold.");
    }

    public static T Read<T>(ReadOnlySpan<byte> bytes, System.Text.Json.Serialization.Metadata.JsonTypeInfo<T> type, string name)
        where T : class
    {
        try
        {
            return JsonSerializer.Deserialize(bytes, type) ?? throw new JsonException("it is empty");
        }
        catch (Exception e) when (e is JsonException or NotSupportedException or ArgumentException)
        {
            throw new WorkException($"What is stored as '{name}' cannot be read ({e.Message}). It was written by another version, or is damaged.", e);
        }
    }

    private static WorkResult Without(WorkResult result, string part) => result with
    {
        Result = result.Result with
        {
            Notices = [.. result.Result.Notices, $"The worker left {part} out, because the result would be larger than a message of {MaximumBytes} bytes."],
        },
    };
}

/// <summary>A result within a message, as the library writes it without maps.</summary>
internal sealed class ResultConverter : JsonConverter<AnomalyResult>
{
    public override AnomalyResult? Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        JsonSerializer.Deserialize(ref reader, AnomalyResultJsonContext.WithoutMaps.AnomalyResult);

    public override void Write(Utf8JsonWriter writer, AnomalyResult value, JsonSerializerOptions options) =>
        JsonSerializer.Serialize(writer, value, AnomalyResultJsonContext.WithoutMaps.AnomalyResult);
}

/// <summary>An absolute URI as it is sent: one made of a path on Linux or macOS would else be written as that path, which reads back as relative.</summary>
internal sealed class AbsoluteUriConverter : JsonConverter<Uri>
{
    public override Uri? Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        reader.GetString() is { } text && text.Contains(':', StringComparison.Ordinal) && Uri.TryCreate(text, UriKind.Absolute, out var uri) ? uri
            : throw new JsonException("the image's URI is not absolute");

    public override void Write(Utf8JsonWriter writer, Uri value, JsonSerializerOptions options) => writer.WriteStringValue(value.AbsoluteUri);
}
