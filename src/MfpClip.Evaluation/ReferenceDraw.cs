using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using MfpClip.Data;

namespace MfpClip.Evaluation;

/// <summary>Which normal training images a detector gets as references.</summary>
internal static class ReferenceDraw
{
    /// <summary>Setting of a run that says which images were drawn.</summary>
    public const string SeedSetting = "shot_seed";

    /// <summary>A number of shots as settings and tables have it.</summary>
    public static string Text(int shots) => shots == EvaluationOptions.AllShots ? "all" : shots.ToString(CultureInfo.InvariantCulture);

    /// <summary>
    /// Seed 0: the first by name. Others: the first by the SHA-256 of seed and file name, so that a draw is the same on every machine, and holds the
    /// images of the smaller draws of its seed.
    /// </summary>
    /// <param name="category">The category.</param>
    /// <param name="shots">How many; <see cref="EvaluationOptions.AllShots"/>: all.</param>
    /// <param name="seed">Of the draw.</param>
    /// <exception cref="DataSetException">The category has fewer.</exception>
    public static IReadOnlyList<AnomalySample> Take(AnomalyCategory category, int shots, long seed)
    {
        var byName = category.References(int.MaxValue);
        if (byName.Count < shots && (shots != EvaluationOptions.AllShots || byName.Count == 0))
        {
            throw new DataSetException(
                DataSetFault.Empty, category.Path, $"{Text(shots)} normal training images are requested, but it has {byName.Count}.");
        }

        return [.. (seed == 0 ? byName : [.. byName.OrderBy(s => Place(category, s, seed), StringComparer.Ordinal)]).Take(shots)];
    }

    /// <summary>How an image is named in results: its path from the category's folder on.</summary>
    public static string Name(AnomalyCategory category, AnomalySample sample) => Path.GetRelativePath(category.Path, sample.ImagePath).Replace('\\', '/');

    private static string Place(AnomalyCategory category, AnomalySample sample, long seed) => Convert.ToHexString(SHA256.HashData(Encoding.UTF8.GetBytes(
        string.Create(CultureInfo.InvariantCulture, $"{seed}\n{Name(category, sample)}"))));
}
