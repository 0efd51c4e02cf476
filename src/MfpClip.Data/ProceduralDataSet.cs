using MfpClip.Data.Procedural.Noise;
using MfpClip.Data.Procedural;

namespace MfpClip.Data;

/// <summary>
/// Products and surfaces rendered from a seed, good and defective, with exact masks and captions. Pure managed code; a seed gives the same bytes on
/// every machine, whatever runs beside it. Safe for concurrent callers; a call uses one thread, so render many images in parallel.
/// </summary>
public static class ProceduralDataSet
{
    private static readonly Dictionary<string, CatalogueEntry> ByName = Catalogue.All.ToDictionary(e => e.Category.Name, StringComparer.Ordinal);

    /// <summary>All categories.</summary>
    public static IReadOnlyList<ProceduralCategory> Categories { get; } = [.. Catalogue.All.Select(e => e.Category)];

    /// <summary>Renders one image as a camera sees it.</summary>
    /// <param name="category">Name of a category.</param>
    /// <param name="seed">Look, pose, light, background, camera and defect follow from it.</param>
    /// <param name="defect">What is wrong; <see langword="null"/>: a good one.</param>
    /// <param name="size">Side in pixels, at least 32.</param>
    /// <exception cref="ArgumentException">The category is unknown.</exception>
    public static SyntheticImage Render(string category, long seed, DefectKind? defect = null, int size = 256) =>
        RenderDefects(category, seed, defect is { } kind ? [kind] : [], size);

    /// <summary>Renders one image with any number of defects.</summary>
    /// <param name="category">Name of a category.</param>
    /// <param name="seed">Look, pose, light, background, camera and defects follow from it; the normal image is the same whatever the defects.</param>
    /// <param name="defects">What is wrong, in the order it happens; empty: a good one. A kind that cannot be made visible on this seed is left out.</param>
    /// <param name="size">Side in pixels, at least 32.</param>
    /// <param name="camera">Whether a camera adds uneven light, blur, noise, compression and the like. Without it every pixel outside the mask equals the good
    /// image's.</param>
    /// <exception cref="ArgumentException">The category is unknown.</exception>
    public static SyntheticImage RenderDefects(string category, long seed, IReadOnlyList<DefectKind> defects, int size = 256, bool camera = true)
    {
        ArgumentNullException.ThrowIfNull(category);
        ArgumentNullException.ThrowIfNull(defects);
        ArgumentOutOfRangeException.ThrowIfLessThan(size, 32);
        return Renderer.Render(Find(category, nameof(category)), seed, defects, size, camera);
    }

    /// <summary>Draws one image of the set: category, whether it is defective, and what is wrong, all from the seed.</summary>
    /// <param name="seed">Number of the image.</param>
    /// <param name="options">What to draw from; by default every category not held out, 65 % defective with one to three defects, 320 px.</param>
    /// <exception cref="ArgumentException">A category is unknown, or there is none.</exception>
    public static SyntheticImage Sample(long seed, ProceduralSampleOptions? options = null)
    {
        options ??= new();
        options.Check();
        var random = SeededRandom.For("sample", seed);
        var names = options.Categories;
        var entry = Find(names[random.Below(names.Count)], nameof(options));
        List<DefectKind> defects = [], reserve = [];
        bool large = false;
        var possible = options.Defects is { } wanted ? [.. entry.Category.Defects.Where(wanted.Contains)] : entry.Category.Defects;
        if (random.Chance(options.DefectiveFraction) && possible.Count > 0)
        {
            // One is the most frequent number, more are ever rarer.
            int count = 1;
            while (count < options.MaxDefects && random.Chance(0.35f))
            {
                count++;
            }

            for (int k = 0; k < count; k++)
            {
                defects.Add(possible[random.Below(possible.Count)]);
            }

            // Drawn only where it is requested: other sets keep their images.
            if (options.RepeatedFraction > 0 && random.Chance(options.RepeatedFraction))
            {
                defects = [.. Enumerable.Repeat(defects[0], random.Count(3, 8))];
            }

            large = options.LargeFraction > 0 && random.Chance(options.LargeFraction);
            for (int k = 0; k < 4; k++)
            {
                reserve.Add(possible[random.Below(possible.Count)]);
            }
        }

        return Renderer.Render(entry, seed, defects, options.Size, options.Camera, reserve, large);
    }

    internal static CatalogueEntry Find(string category, string parameter) => ByName.TryGetValue(category, out var entry)
        ? entry : throw new ArgumentException($"There is no category '{category}'; known are {string.Join(", ", ByName.Keys)}.", parameter);
}

/// <summary>A kind of product that can be rendered.</summary>
/// <param name="Name">Name in words.</param>
/// <param name="IsTexture">Whether it fills the image; otherwise it lies on a background.</param>
/// <param name="IsHeldOut">Whether it is kept out of training, for validation and samples.</param>
public sealed record ProceduralCategory(string Name, bool IsTexture, bool IsHeldOut)
{
    /// <summary>What may be wrong with it, at least twelve kinds; <see cref="ProceduralDataSet.Sample"/> draws from these.</summary>
    public IReadOnlyList<DefectKind> Defects { get; init; } = [];
}
