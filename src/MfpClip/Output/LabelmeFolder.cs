using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using MfpClip.Files;

namespace MfpClip.Output;

/// <summary>
/// A file of labelme an image: each region as a polygon with the label <c>anomaly</c>, its outer contour; peak and area stand in the description, the
/// decision in the flags. The image itself is not in it, <c>imagePath</c> leads to it. Pixels count on the upright image, which is how labelme shows it.
/// </summary>
public sealed class LabelmeFolder : IResultWriter
{
    private const string Label = "anomaly", FormatVersion = "5.5.0";
    private readonly string _folder;
    private readonly Func<string, string> _nameOf;

    /// <summary>Names the folder; it is made with the first image.</summary>
    /// <param name="folder">Where the files go.</param>
    /// <param name="nameOf">From the name of an image to that of its file, without ending. Default: the image's own, without folder and ending.</param>
    public LabelmeFolder(string folder, Func<string, string>? nameOf = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(folder);
        (_folder, _nameOf) = (folder, nameOf ?? (name => Path.GetFileNameWithoutExtension(name)));
    }

    /// <inheritdoc/>
    public void Add(DetectionOutcome outcome)
    {
        ArgumentNullException.ThrowIfNull(outcome);
        if (outcome.Result is { } result)
        {
            AtomicFile.Write(Path.Combine(_folder, $"{_nameOf(result.ImageName)}.json"), stream => Write(stream, result));
        }
    }

    /// <summary>Every file is complete when it is added.</summary>
    public void Complete()
    {
    }

    /// <inheritdoc/>
    public void Dispose()
    {
    }

    private void Write(Stream stream, AnomalyResult result)
    {
        using var json = new Utf8JsonWriter(stream, new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, Indented = true });
        json.WriteStartObject();
        json.WriteString("version", FormatVersion);
        json.WriteStartObject("flags");
        if (result.IsAnomalous is { } anomalous)
        {
            json.WriteBoolean("anomalous", anomalous);
        }

        json.WriteEndObject();
        json.WriteStartArray("shapes");
        foreach (var region in result.Regions)
        {
            Write(json, region);
        }

        json.WriteEndArray();
        json.WriteString("imagePath", RelativeName.Of(result.ImageName, File.Exists(result.ImageName) ? _folder : null));
        json.WriteNull("imageData");
        json.WriteNumber("imageHeight", result.ImageHeight);
        json.WriteNumber("imageWidth", result.ImageWidth);
        json.WriteEndObject();
    }

    private static void Write(Utf8JsonWriter json, DefectRegion region)
    {
        json.WriteStartObject();
        json.WriteString("label", Label);
        json.WritePropertyName("points");
        var points = new StringBuilder("[");
        foreach (var (x, y) in Corners(region))
        {
            points.Append(CultureInfo.InvariantCulture, $"{(points.Length > 1 ? "," : string.Empty)}[{x}.0,{y}.0]");
        }

        json.WriteRawValue(points.Append(']').ToString()); // a point a line would be thousands of lines
        json.WriteNull("group_id");
        json.WriteString("description", string.Create(CultureInfo.InvariantCulture, $"peak {region.Peak:0.###}, area {region.Area}"));
        json.WriteString("shape_type", "polygon");
        json.WriteStartObject("flags");
        json.WriteEndObject();
        json.WriteNull("mask");
        json.WriteEndObject();
    }

    // A region without a contour is its box.
    private static IEnumerable<(int X, int Y)> Corners(DefectRegion r) => r.Contour.Count > 0 ? r.Contour.Select(p => (p.X, p.Y))
        : [(r.X, r.Y), (r.X + r.Width, r.Y), (r.X + r.Width, r.Y + r.Height), (r.X, r.Y + r.Height)];
}
