using System.Globalization;
using MfpClip.Data;

namespace MfpClip.Cli.Synthesis;

/// <summary>Sets of large pictures with small defects.</summary>
internal static class SmallDefectPlan
{
    /// <summary>How folders call defective pictures: they hold several kinds.</summary>
    private const string Folder = "small_defects";

    // Numbers of normal pictures to train on and to test on, apart from those of defective ones.
    private const long FirstReference = 1_000_000, FirstNormal = 2_000_000;

    /// <summary>4 to 3 in shape.</summary>
    public static (int Width, int Height) Size(double megapixels)
    {
        int width = (int)Math.Round(Math.Sqrt(megapixels * 1e6 * 4 / 3));
        return (width, (int)Math.Round(width * 0.75));
    }

    /// <summary>Numbers with commas or blanks between them.</summary>
    public static int[] Sizes(string text) =>
    [
        .. text.Split([',', ' '], StringSplitOptions.RemoveEmptyEntries).Select(t =>
            int.TryParse(t, NumberStyles.None, CultureInfo.InvariantCulture, out int size) && size is >= 3 and <= 128 ? size
                : throw new ArgumentException($"--defect-sizes: '{t}' is no size from 3 to 128 pixels; give them as 4,8,16,32,64.")).Distinct(),
    ];

    /// <param name="categories">Products.</param>
    /// <param name="train">Normal pictures to train on, a category.</param>
    /// <param name="good">Normal pictures to test on, a category.</param>
    /// <param name="defective">Defective pictures, a category.</param>
    /// <param name="megapixels">Of a picture.</param>
    /// <param name="sizes">Of the defects.</param>
    /// <param name="seed">Everything follows from it.</param>
    public static SyntheticPlan Render(IReadOnlyList<string> categories, int train, int good, int defective, double megapixels, int[] sizes, long seed)
    {
        var (width, height) = Size(megapixels);
        var options = new SmallDefectOptions { Width = width, Height = height, Sizes = sizes };
        var pictures = new List<PlannedImage>();
        foreach (string name in categories)
        {
            if (!ProceduralDataSet.Categories.Any(c => c.Name == name))
            {
                throw new ArgumentException(
                    $"--categories: there is no category '{name}'; known are {string.Join(", ", ProceduralDataSet.Categories.Select(c => c.Name))}.");
            }

            string folder = SyntheticPlan.FolderName(name);
            void Add(int count, long first, string place, bool isDefective)
            {
                for (int k = 0; k < count; k++)
                {
                    long number = unchecked((seed * 10_000_019L) + first + k);
                    string? mask = isDefective ? FormattableString.Invariant($"{folder}/ground_truth/{place}/{k:000}_mask.png") : null;
                    pictures.Add(new(folder, FormattableString.Invariant($"{folder}/{(first == FirstReference ? "train" : "test")}/{place}/{k:000}.png"), mask,
                        () => Finish(SmallDefectSet.Render(
                            name, seed, number, options with { DefectsOfEachSize = isDefective ? options.DefectsOfEachSize : 0 }))));
                }
            }

            Add(train, FirstReference, "good", false);
            Add(good, FirstNormal, "good", false);
            Add(defective, 0, Folder, true);
        }

        return new(pictures);
    }

    private static FinishedImage Finish(SmallDefectPicture picture) => new(
        picture.Image, picture.Mask.Data,
        [.. picture.Defects.Select(d => new PlacedDefect(d.Kind, (float)d.Area / picture.Mask.Data.Length, d.X, d.Y, d.Width, d.Height))],
        $"a large photo of {picture.Category.Name} {(picture.Defects.Count == 0 ? "without any defect" : "with small defects")}");
}
