using System.Globalization;
using MfpClip.Imaging.Regions;

namespace MfpClip.Imaging;

/// <summary>
/// Where a detector looks in every image: polygons, a mask image, or the foreground of each image. Map values, regions and scores outside do not count;
/// tiles outside are not computed, pixels outside are in no metric. A call's own region (<see cref="DetectionOptions.RegionOfInterest"/>) goes first.
/// See docs/regions.md.
/// </summary>
/// <example>
/// <code>
/// builder.WithRegionOfInterest(RegionOfInterestOptions.FromFile("housing.json"));
/// builder.WithRegionOfInterest(RegionOfInterestOptions.OfForeground(margin: 20));
/// </code>
/// </example>
public sealed record RegionOfInterestOptions
{
    /// <summary>
    /// A mask image, whose pixels that are not black are inside, or JSON of polygons (this library's or labelme's). The mask is stretched to the size of each
    /// image, whose aspect ratio must be the same (1 % tolerance).
    /// </summary>
    public string? File { get; init; }

    /// <summary>Polygons: what lies in any of them that is not excluded, and in none that is.</summary>
    public IReadOnlyList<RegionPolygon>? Polygons { get; init; }

    /// <summary>What the coordinates of <see cref="Polygons"/> count.</summary>
    /// <value>Default <see cref="RegionUnit.Pixels"/>.</value>
    public RegionUnit Unit { get; init; }

    /// <summary>Width of the image that <see cref="Polygons"/> were drawn on: they are stretched to images of another size and the same aspect ratio.</summary>
    /// <value>Default <see langword="null"/>: coordinates are pixels of whatever image comes.</value>
    public int? ImageWidth { get; init; }

    /// <summary>Height of that image; given with <see cref="ImageWidth"/>.</summary>
    public int? ImageHeight { get; init; }

    /// <summary>
    /// Whether the region is the foreground of each image: what differs from the colours along the image's border. For products before an even background.
    /// </summary>
    public bool Foreground { get; init; }

    /// <summary>Pixels around the foreground that are inside, too.</summary>
    /// <value>Default 0.</value>
    public int Margin { get; init; }

    /// <summary>A mask image or JSON of polygons.</summary>
    /// <param name="path">The file.</param>
    public static RegionOfInterestOptions FromFile(string path)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(path);
        return new() { File = path };
    }

    /// <summary>The foreground of each image.</summary>
    /// <param name="margin">Pixels around it that are inside, too.</param>
    public static RegionOfInterestOptions OfForeground(int margin = 0) => new() { Foreground = true, Margin = margin };

    /// <summary>Polygons in pixels of the image.</summary>
    /// <param name="polygons">At least one that is not excluded.</param>
    public static RegionOfInterestOptions FromPolygons(params IReadOnlyList<RegionPolygon> polygons) => new() { Polygons = polygons };

    /// <summary>What is wrong with the options, without opening a file.</summary>
    internal IEnumerable<string> Faults()
    {
        string[] ways = [.. new[] { ("File", File is not null), ("Polygons", Polygons is not null), ("Foreground", Foreground) }
            .Where(w => w.Item2).Select(w => w.Item1)];
        if (ways.Length != 1)
        {
            yield return ways.Length == 0 ? "Region of interest: it says nothing; name a File, Polygons or Foreground."
                : $"Region of interest: {string.Join(" and ", ways)} contradict one another; name one of them.";
        }

        if (Margin is < 0 or > 10_000)
        {
            yield return string.Create(CultureInfo.InvariantCulture, $"Region of interest: the margin is {Margin}; it must be from 0 to 10000 pixels.");
        }

        if (Margin != 0 && !Foreground)
        {
            yield return "Region of interest: Margin is for Foreground; leave it out.";
        }

        if (!Enum.IsDefined(Unit))
        {
            yield return $"Region of interest: the unit {Unit} is not known.";
        }

        if (Polygons is null && (Unit != RegionUnit.Pixels || ImageWidth is not null || ImageHeight is not null))
        {
            yield return "Region of interest: Unit, ImageWidth and ImageHeight are for Polygons; leave them out (a file says them itself).";
        }

        foreach (string fault in Polygons is null ? [] : PolygonRegion.Faults(this))
        {
            yield return $"Region of interest: {fault}";
        }
    }
}

/// <summary>What coordinates of polygons count.</summary>
public enum RegionUnit
{
    /// <summary>Pixels from the left and the top edge of the image: pixel (x, y) covers x to x + 1 and y to y + 1.</summary>
    Pixels,

    /// <summary>Fractions of the image's width and height, from 0 to 1.</summary>
    Fractions,
}
