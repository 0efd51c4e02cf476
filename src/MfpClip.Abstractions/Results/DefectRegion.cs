using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace MfpClip;

/// <summary>A connected region (8 neighbours) of pixels at or above the threshold.</summary>
/// <param name="X">Left edge in pixels.</param>
/// <param name="Y">Top edge in pixels.</param>
/// <param name="Width">Width of the box in pixels.</param>
/// <param name="Height">Height of the box in pixels.</param>
/// <param name="Area">Number of pixels in the region.</param>
/// <param name="Peak">Highest map value inside: the score of the region, in [0,1].</param>
/// <param name="PeakX">Column of the peak.</param>
/// <param name="PeakY">Row of the peak.</param>
public sealed record DefectRegion(int X, int Y, int Width, int Height, int Area, float Peak, int PeakX, int PeakY)
{
    /// <summary>
    /// The outer contour: corners of a polygon along the edges of pixels, clockwise as seen on the image, without repeating the first. Pixel (x, y) covers
    /// x to x + 1 and y to y + 1, so the polygon of one pixel has four corners and its area is 1. Holes are inside it: its area is <see cref="Area"/> and
    /// that of the holes.
    /// </summary>
    /// <value>Empty where the region was not made by a detector.</value>
    public IReadOnlyList<PixelPoint> Contour { get; init => field = value ?? []; } = [];

    /// <summary>Regions with the same values and contour are equal.</summary>
    public bool Equals(DefectRegion? other) => other is not null
        && (X, Y, Width, Height, Area, PeakX, PeakY) == (other.X, other.Y, other.Width, other.Height, other.Area, other.PeakX, other.PeakY)
        && Peak.Equals(other.Peak) && Contour.SequenceEqual(other.Contour);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(X, Y, Width, Height, Area, Peak, PeakX, PeakY);

    /// <summary>One line, independent of the culture.</summary>
    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture, $"{Width} x {Height} at ({X}, {Y}), area {Area}, peak {Peak:0.###} at ({PeakX}, {PeakY})");
}

/// <summary>A corner between pixels; as JSON <c>[x, y]</c>.</summary>
/// <param name="X">Pixels from the left edge of the image.</param>
/// <param name="Y">Pixels from the top edge of the image.</param>
[JsonConverter(typeof(PixelPointJsonConverter))]
public readonly record struct PixelPoint(int X, int Y);

/// <summary>Points as <c>[x, y]</c>. Public, so that source-generated JSON of an application can hold results.</summary>
public sealed class PixelPointJsonConverter : JsonConverter<PixelPoint>
{
    /// <inheritdoc/>
    public override PixelPoint Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        int x = Next(ref reader, JsonTokenType.StartArray), y = Next(ref reader, JsonTokenType.Number);
        return reader.Read() && reader.TokenType == JsonTokenType.EndArray ? new(x, y) : throw Malformed();
    }

    /// <inheritdoc/>
    public override void Write(Utf8JsonWriter writer, PixelPoint value, JsonSerializerOptions options)
    {
        ArgumentNullException.ThrowIfNull(writer);
        writer.WriteStartArray();
        writer.WriteNumberValue(value.X);
        writer.WriteNumberValue(value.Y);
        writer.WriteEndArray();
    }

    private static int Next(ref Utf8JsonReader reader, JsonTokenType before) =>
        reader.TokenType == before && reader.Read() && reader.TokenType == JsonTokenType.Number ? reader.GetInt32() : throw Malformed();

    private static JsonException Malformed() => new("A point of a contour is [x, y], two integers.");
}
