using System.Text.Json;
using System.Text.Json.Serialization;
using MfpClip.Imaging;

namespace MfpClip.Detection.Recipes;

/// <summary>Regions of interest as JSON: a text alone is a file, or <c>foreground</c>.</summary>
internal sealed class RegionText : JsonConverter<RegionOfInterestOptions>
{
    /// <summary>The text that means the foreground of each image.</summary>
    public const string Foreground = "foreground";

    public override RegionOfInterestOptions? Read(ref Utf8JsonReader reader, Type type, JsonSerializerOptions options) =>
        reader.TokenType != JsonTokenType.String ? ReadSettings(ref reader, options)
        : reader.GetString() is not { } text ? null
        : text.Equals(Foreground, StringComparison.OrdinalIgnoreCase) ? RegionOfInterestOptions.OfForeground() : new() { File = text };

    public override void Write(Utf8JsonWriter writer, RegionOfInterestOptions value, JsonSerializerOptions options) =>
        JsonSerializer.Serialize(writer, RegionSettings.Of(value), options);

    private static RegionOfInterestOptions? ReadSettings(ref Utf8JsonReader reader, JsonSerializerOptions options)
    {
        try
        {
            return JsonSerializer.Deserialize<RegionSettings>(ref reader, options)?.ToOptions();
        }
        catch (JsonException e)
        {
            throw new JsonException(e.Message, e); // without a path: the serializer adds the place of the region, JsonFaults the place within
        }
    }
}

/// <summary>The properties of <see cref="RegionOfInterestOptions"/> as JSON has them.</summary>
internal sealed record RegionSettings(
    string? File, IReadOnlyList<RegionPolygon>? Polygons, RegionUnit? Unit, int? ImageWidth, int? ImageHeight, bool? Foreground, int? Margin)
{
    public static RegionSettings Of(RegionOfInterestOptions o) => new(
        o.File, o.Polygons, o.Unit == RegionUnit.Pixels ? null : o.Unit, o.ImageWidth, o.ImageHeight, o.Foreground ? true : null,
        o.Margin == 0 ? null : o.Margin);

    public RegionOfInterestOptions ToOptions() => new()
    {
        File = File, Polygons = Polygons, Unit = Unit ?? RegionUnit.Pixels, ImageWidth = ImageWidth, ImageHeight = ImageHeight,
        Foreground = Foreground ?? false, Margin = Margin ?? 0,
    };
}
