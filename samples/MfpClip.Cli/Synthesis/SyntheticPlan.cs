using MfpClip.Data;

namespace MfpClip.Cli.Synthesis;

/// <summary>One image that is to be written, and how it is made.</summary>
/// <param name="Category">Folder of the category.</param>
/// <param name="Image">Path of the image within the set, with forward slashes.</param>
/// <param name="Mask">Path of its mask; <see langword="null"/> for good ones.</param>
/// <param name="Make">Makes it; needs no other image.</param>
internal sealed record PlannedImage(string Category, string Image, string? Mask, Func<FinishedImage> Make);

/// <summary>An image that was made.</summary>
/// <param name="Image">Pixels.</param>
/// <param name="Mask">Where it is defective.</param>
/// <param name="Defects">What is wrong.</param>
/// <param name="Caption">It in words.</param>
internal sealed record FinishedImage(RgbImage Image, bool[] Mask, IReadOnlyList<PlacedDefect> Defects, string Caption);

/// <summary>What a set consists of; the same for the same options on every machine.</summary>
internal sealed record SyntheticPlan(IReadOnlyList<PlannedImage> Pictures)
{
    // Seeds tried until a defect of the kind can be seen on the scene.
    private const int Seeds = 24;

    /// <summary>Rendered products.</summary>
    public static SyntheticPlan Render(
        IReadOnlyList<string> categories, IReadOnlyList<DefectKind>? kinds, int train, int good, int defective, int size, long seed, bool camera)
    {
        var pictures = new List<PlannedImage>();
        foreach (string name in categories)
        {
            var category = ProceduralDataSet.Categories.FirstOrDefault(c => c.Name == name)
                ?? throw new ArgumentException(
                    $"--categories: there is no category '{name}'; known are {string.Join(", ", ProceduralDataSet.Categories.Select(c => c.Name))}.");
            string folder = FolderName(name);
            for (int k = 0; k < train + good; k++)
            {
                long own = Seed(seed, -1, k, 0);
                pictures.Add(new(folder, k < train ? $"{folder}/train/good/{k:000}.png" : $"{folder}/test/good/{k - train:000}.png", null, () =>
                    Finish(ProceduralDataSet.RenderDefects(name, own, [], size, camera))));
            }

            foreach (var kind in category.Defects.Where(kind => kinds is null || kinds.Contains(kind)))
            {
                string place = KindName(kind);
                for (int k = 0; k < defective; k++)
                {
                    int number = k;
                    pictures.Add(new(folder, $"{folder}/test/{place}/{k:000}.png", $"{folder}/ground_truth/{place}/{k:000}_mask.png", () => FirstVisible(
                        t => Finish(ProceduralDataSet.RenderDefects(name, Seed(seed, (int)kind, number, t), [kind], size, camera)), $"{kind} on {name}")));
                }
            }
        }

        return new(pictures);
    }

    /// <summary>A user's normal photos, every second one kept for the test, and defects pasted on those.</summary>
    public static SyntheticPlan Paste(
        IReadOnlyList<string> files, string className, Func<string, RgbImage> read, IReadOnlyList<DefectKind>? kinds, int defective, long seed)
    {
        string folder = FolderName(className);
        var (train, test) = files.Count == 1 ? (files, files)
            : ([.. files.Where((_, i) => i % 2 == 0)], (IReadOnlyList<string>)[.. files.Where((_, i) => i % 2 == 1)]);
        var pictures = new List<PlannedImage>();
        Good(train, "train");
        Good(test, "test");
        foreach (var kind in kinds ?? Enum.GetValues<DefectKind>())
        {
            string place = KindName(kind);
            for (int k = 0; k < defective; k++)
            {
                int number = k;
                string file = test[k % test.Count];
                pictures.Add(new(folder, $"{folder}/test/{place}/{k:000}.png", $"{folder}/ground_truth/{place}/{k:000}_mask.png", () =>
                {
                    var photo = read(file);
                    return FirstVisible(t =>
                    {
                        var pasted = SyntheticDefects.Paste(photo, Seed(seed, (int)kind, number, t), new()
                        {
                            Kinds = [kind], MaxDefects = 1, ClassName = className,
                        });
                        return new(pasted.Image, pasted.Mask, pasted.Defects, pasted.Caption);
                    }, $"{kind} on {file}");
                }));
            }
        }

        return new(pictures);

        void Good(IReadOnlyList<string> photos, string split)
        {
            for (int k = 0; k < photos.Count; k++)
            {
                string file = photos[k];
                pictures.Add(new(folder, $"{folder}/{split}/good/{k:000}.png", null, () =>
                {
                    var photo = read(file);
                    return new(photo, new bool[photo.Width * photo.Height], [], $"a photo of a good {className}");
                }));
            }
        }
    }

    /// <summary>How folders call a kind.</summary>
    public static string KindName(DefectKind kind) =>
        string.Concat(kind.ToString().Select((c, i) => char.IsUpper(c) && i > 0 ? $"_{char.ToLowerInvariant(c)}" : $"{char.ToLowerInvariant(c)}"));

    /// <summary>How folders call a category.</summary>
    public static string FolderName(string category) => string.Concat(category.Trim().Select(c => char.IsLetterOrDigit(c) || c is '-' or '.' ? c : '_'))
        .Trim('.') is { Length: > 0 } name
        ? name : throw new ArgumentException($"'{category}' cannot name a folder; give a name with letters.");

    private static FinishedImage FirstVisible(Func<int, FinishedImage> make, string what)
    {
        for (int t = 0; t < Seeds; t++)
        {
            if (make(t) is { Defects.Count: > 0 } picture)
            {
                return picture;
            }
        }

        throw new ArgumentException($"{what}: no visible defect in {Seeds} tries; leave this kind out with --kinds, or take another size or seed.");
    }

    private static FinishedImage Finish(SyntheticImage image) => new(image.Image, image.Mask, image.Defects, image.Caption);

    // Numbers of their own for every kind, image and try.
    private static long Seed(long seed, int kind, int picture, int attempt) =>
        unchecked((seed * 1_000_003L) + ((kind + 2L) * 10_000_019L) + (picture * 101L) + attempt);
}
