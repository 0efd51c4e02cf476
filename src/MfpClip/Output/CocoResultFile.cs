using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;
using MfpClip.Diagnostics;
using MfpClip.Files;

namespace MfpClip.Output;

/// <summary>
/// Regions of all images in COCO's format for object detection, one category: <c>anomaly</c>. An annotation has the box, the outer contour as polygon
/// (holes are inside it; <c>area</c> is without them), and the region's peak as <c>score</c>. Pixels count on the upright image, as this library decodes it.
/// </summary>
/// <remarks>Images that could not be detected have no size and are left out; those without a region are there, without annotations.</remarks>
public sealed class CocoResultFile : IResultWriter
{
    private const int Category = 1;
    private readonly StreamedFile _file;
    private readonly Utf8JsonWriter _json;
    private readonly string? _root;
    private readonly List<(string Name, int Width, int Height, float Score)> _images = [];
    private int _annotations;

    /// <summary>Starts the file.</summary>
    /// <param name="path">The file to be made.</param>
    /// <param name="imageRoot">The folder that <c>file_name</c> is relative to; <see langword="null"/>: names stay as they are.</param>
    /// <exception cref="OutputException">It cannot be written.</exception>
    public CocoResultFile(string path, string? imageRoot = null)
    {
        _root = imageRoot;
        _file = new(path);
        _json = new(_file.Stream, new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping });
        _file.Guard(() =>
        {
            _json.WriteStartObject();
            _json.WriteStartObject("info");
            _json.WriteString("description", "Regions found by MfpClip");
            _json.WriteString("version", LibraryVersion.Current);
            _json.WriteNumber("year", DateTime.UtcNow.Year);
            _json.WriteString("date_created", DateTime.UtcNow.ToString("yyyy-MM-ddTHH:mm:ssZ", CultureInfo.InvariantCulture));
            _json.WriteEndObject();
            _json.WriteStartArray("licenses");
            _json.WriteEndArray();
            _json.WriteStartArray("categories");
            _json.WriteStartObject();
            _json.WriteNumber("id", Category);
            _json.WriteString("name", "anomaly");
            _json.WriteString("supercategory", "defect");
            _json.WriteEndObject();
            _json.WriteEndArray();
            _json.WriteStartArray("annotations"); // before the images, which are few numbers and wait
        });
    }

    /// <inheritdoc/>
    public void Add(DetectionOutcome outcome)
    {
        ArgumentNullException.ThrowIfNull(outcome);
        if (outcome.Result is not { } result)
        {
            return;
        }

        _images.Add((RelativeName.Of(result.ImageName, _root), result.ImageWidth, result.ImageHeight, result.Score));
        _file.Guard(() =>
        {
            foreach (var region in result.Regions)
            {
                Write(region);
            }

            _json.Flush();
        });
    }

    /// <inheritdoc/>
    public void Complete() => _file.Guard(() =>
    {
        _json.WriteEndArray();
        _json.WriteStartArray("images");
        for (int i = 0; i < _images.Count; i++)
        {
            var (name, width, height, score) = _images[i];
            _json.WriteStartObject();
            _json.WriteNumber("id", i + 1);
            _json.WriteString("file_name", name);
            _json.WriteNumber("width", width);
            _json.WriteNumber("height", height);
            _json.WriteNumber("anomaly_score", score);
            _json.WriteEndObject();
        }

        _json.WriteEndArray();
        _json.WriteEndObject();
        _json.Dispose();
        _file.Complete();
    });

    /// <inheritdoc/>
    public void Dispose() => _file.Dispose();

    private void Write(DefectRegion region)
    {
        _json.WriteStartObject();
        _json.WriteNumber("id", ++_annotations);
        _json.WriteNumber("image_id", _images.Count);
        _json.WriteNumber("category_id", Category);
        _json.WriteStartArray("bbox");
        foreach (int side in (int[])[region.X, region.Y, region.Width, region.Height])
        {
            _json.WriteNumberValue(side);
        }

        _json.WriteEndArray();
        _json.WriteNumber("area", region.Area);
        _json.WriteStartArray("segmentation");
        if (region.Contour.Count > 0)
        {
            _json.WriteStartArray();
            foreach (var point in region.Contour)
            {
                _json.WriteNumberValue(point.X);
                _json.WriteNumberValue(point.Y);
            }

            _json.WriteEndArray();
        }

        _json.WriteEndArray();
        _json.WriteNumber("iscrowd", 0);
        _json.WriteNumber("score", region.Peak);
        _json.WriteEndObject();
    }
}
