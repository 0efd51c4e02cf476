using System.Text.Json;
using System.Text.Json.Serialization;

namespace MfpClip;

/// <summary>
/// Source-generated JSON of results, in snake case; what is written reads back. <c>Default</c> writes maps as base64, <see cref="WithoutMaps"/> their
/// sizes only.
/// </summary>
/// <example><code>string json = JsonSerializer.Serialize(result, AnomalyResultJsonContext.WithoutMaps.AnomalyResult);</code></example>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(AnomalyResult))]
[JsonSerializable(typeof(IReadOnlyList<AnomalyResult>))]
public sealed partial class AnomalyResultJsonContext : JsonSerializerContext
{
    /// <summary>The same without the values of maps: a few hundred bytes an image, and its contours.</summary>
    public static AnomalyResultJsonContext WithoutMaps { get; } = new(new JsonSerializerOptions(JsonSerializerDefaults.General)
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower, Converters = { new AnomalyMapJsonConverter(writesValues: false) },
    });
}
