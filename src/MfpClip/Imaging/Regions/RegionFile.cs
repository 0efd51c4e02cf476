using System.Text.Json;

namespace MfpClip.Imaging.Regions;

/// <summary>Reads polygons from JSON: this library's form, or the polygons and rectangles of labelme.</summary>
internal static class RegionFile
{
    public const long MostBytes = 32L << 20;

    // Labels of labelme whose polygons are taken out.
    private static readonly string[] Exclusions = ["exclude", "excluded", "hole", "ignore"];

    /// <summary>Whether a file is JSON, by its first character.</summary>
    public static bool IsJson(ReadOnlySpan<byte> file)
    {
        var text = file.StartsWith((ReadOnlySpan<byte>)[0xef, 0xbb, 0xbf]) ? file[3..] : file;
        text = text.TrimStart(" \t\r\n"u8);
        return text.Length > 0 && text[0] is (byte)'{' or (byte)'[';
    }

    /// <summary>The polygons as options.</summary>
    /// <exception cref="InvalidDataException">It is no such file; the message is a sentence.</exception>
    public static RegionOfInterestOptions Read(ReadOnlyMemory<byte> file)
    {
        try
        {
            file = file.Span.StartsWith((ReadOnlySpan<byte>)[0xef, 0xbb, 0xbf]) ? file[3..] : file;
            using var json = JsonDocument.Parse(file, new() { CommentHandling = JsonCommentHandling.Skip, AllowTrailingCommas = true });
            var root = json.RootElement;
            return root.ValueKind != JsonValueKind.Object ? throw new InvalidDataException(
                "it is a list; an object with \"polygons\", or a file of labelme with \"shapes\", is needed (docs/regions.md).")
                : root.TryGetProperty("shapes", out var shapes) ? Labelme(root, shapes) : Own(root);
        }
        catch (JsonException e)
        {
            throw new InvalidDataException($"it is not JSON ({e.Message.TrimEnd('.')}).", e);
        }
        catch (Exception e) when (e is InvalidOperationException or FormatException)
        {
            throw new InvalidDataException($"a value is of the wrong kind ({e.Message.TrimEnd('.')}).", e);
        }
    }

    private static RegionOfInterestOptions Own(JsonElement root)
    {
        var options = new RegionOfInterestOptions();
        foreach (var property in root.EnumerateObject())
        {
            options = property.Name switch
            {
                "polygons" => options with { Polygons = [.. property.Value.EnumerateArray().Select(Polygon)] },
                "unit" => options with
                {
                    Unit = property.Value.GetString() switch
                    {
                        "pixels" => RegionUnit.Pixels,
                        "fractions" => RegionUnit.Fractions,
                        var other => throw new InvalidDataException($"its unit is '{other}'; choose pixels or fractions."),
                    },
                },
                "image_width" => options with { ImageWidth = property.Value.GetInt32() },
                "image_height" => options with { ImageHeight = property.Value.GetInt32() },
                var other => throw new InvalidDataException($"'{other}' is unknown; it has polygons, unit, image_width and image_height."),
            };
        }

        return options.Polygons is null ? throw new InvalidDataException("it has no \"polygons\".") : options;
    }

    private static RegionPolygon Polygon(JsonElement polygon)
    {
        // Points alone are a polygon.
        if (polygon.ValueKind == JsonValueKind.Array)
        {
            return new(Points(polygon));
        }

        IReadOnlyList<RegionPoint>? points = null;
        bool excluded = false;
        foreach (var property in polygon.EnumerateObject())
        {
            (points, excluded) = property.Name switch
            {
                "points" => (Points(property.Value), excluded),
                "excluded" => (points, property.Value.GetBoolean()),
                var other => throw new InvalidDataException($"a polygon has '{other}'; it has points and excluded."),
            };
        }

        return new(points ?? throw new InvalidDataException("a polygon has no points.")) { Excluded = excluded };
    }

    private static List<RegionPoint> Points(JsonElement points) => [.. points.EnumerateArray().Select(p => p.GetArrayLength() == 2
        ? new RegionPoint(p[0].GetDouble(), p[1].GetDouble()) : throw new InvalidDataException("a point is no [x, y]."))];

    private static RegionOfInterestOptions Labelme(JsonElement root, JsonElement shapes) => new()
    {
        Polygons = [.. shapes.EnumerateArray().Select(Shape)],
        ImageWidth = Size(root, "imageWidth"), ImageHeight = Size(root, "imageHeight"),
    };

    private static RegionPolygon Shape(JsonElement shape)
    {
        var points = Points(shape.TryGetProperty("points", out var list) ? list : throw new InvalidDataException("a shape has no points."));
        string label = shape.TryGetProperty("label", out var l) ? l.GetString() ?? string.Empty : string.Empty;
        string type = shape.TryGetProperty("shape_type", out var t) ? t.GetString() ?? "polygon" : "polygon";
        var polygon = type switch
        {
            "polygon" => new RegionPolygon(points),
            "rectangle" when points.Count == 2 => RegionPolygon.Rectangle(
                Math.Min(points[0].X, points[1].X), Math.Min(points[0].Y, points[1].Y), Math.Abs(points[1].X - points[0].X),
                Math.Abs(points[1].Y - points[0].Y)),
            "rectangle" => new RegionPolygon(points),
            _ => throw new InvalidDataException($"the shape '{label}' is a {type}; polygons and rectangles are read. Draw it as a polygon."),
        };
        return polygon with { Excluded = Exclusions.Contains(label.Trim(), StringComparer.OrdinalIgnoreCase) };
    }

    private static int? Size(JsonElement root, string name) =>
        root.TryGetProperty(name, out var size) && size.ValueKind == JsonValueKind.Number ? size.GetInt32() : null;
}
