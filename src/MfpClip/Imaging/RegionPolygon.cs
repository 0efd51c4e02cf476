using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace MfpClip.Imaging;

/// <summary>A closed polygon. A pixel is inside where its middle is, by the even-odd rule where edges cross.</summary>
/// <param name="Points">At least three corners; the last one is joined with the first.</param>
public sealed record RegionPolygon(IReadOnlyList<RegionPoint> Points)
{
    /// <summary>Whether it is taken out of the others: a hole, or a part that is not to be inspected.</summary>
    public bool Excluded { get; init; }

    /// <summary>A rectangle.</summary>
    /// <param name="x">Left edge.</param>
    /// <param name="y">Top edge.</param>
    /// <param name="width">Width.</param>
    /// <param name="height">Height.</param>
    public static RegionPolygon Rectangle(double x, double y, double width, double height) =>
        new([new(x, y), new(x + width, y), new(x + width, y + height), new(x, y + height)]);
}

/// <summary>A corner of a polygon; as JSON <c>[x, y]</c>.</summary>
/// <param name="X">From the left edge of the image.</param>
/// <param name="Y">From the top edge of the image.</param>
[JsonConverter(typeof(RegionPointJsonConverter))]
public readonly record struct RegionPoint(double X, double Y);

/// <summary>Points as <c>[x, y]</c>; numbers may be text, as configuration has them.</summary>
internal sealed class RegionPointJsonConverter : JsonConverter<RegionPoint>
{
    public override RegionPoint Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        if (reader.TokenType != JsonTokenType.StartArray)
        {
            throw Malformed();
        }

        double x = Next(ref reader), y = Next(ref reader);
        return reader.Read() && reader.TokenType == JsonTokenType.EndArray ? new(x, y) : throw Malformed();
    }

    public override void Write(Utf8JsonWriter writer, RegionPoint value, JsonSerializerOptions options)
    {
        writer.WriteStartArray();
        writer.WriteNumberValue(value.X);
        writer.WriteNumberValue(value.Y);
        writer.WriteEndArray();
    }

    private static double Next(ref Utf8JsonReader reader)
    {
        reader.Read();
        return reader.TokenType switch
        {
            JsonTokenType.Number => reader.GetDouble(),
            JsonTokenType.String when double.TryParse(reader.GetString(), NumberStyles.Float, CultureInfo.InvariantCulture, out double value) => value,
            _ => throw Malformed(),
        };
    }

    private static JsonException Malformed() => new("A point is [x, y].");
}
