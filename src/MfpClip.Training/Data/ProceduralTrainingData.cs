using System.Globalization;
using MfpClip.Data;
using MfpClip.Files;

namespace MfpClip.Training.Data;

/// <summary>Rendered products and defects as training data; the same for the same settings on every machine.</summary>
public sealed class ProceduralTrainingData : ITrainingData
{
    private readonly string[] _categories;
    private readonly DefectKind[] _defects = Enum.GetValues<DefectKind>();
    private readonly int _perCategory;
    private readonly int _size;
    private readonly long _seed;
    private readonly double _defective;

    /// <summary>Describes the set; images are rendered when they are loaded.</summary>
    /// <param name="categories">Names of <see cref="ProceduralDataSet.Categories"/>; <see langword="null"/>: all that are not held out.</param>
    /// <param name="imagesPerCategory">Images of each category.</param>
    /// <param name="size">Side in pixels.</param>
    /// <param name="seed">Another seed gives other images.</param>
    /// <param name="defectiveFraction">Fraction of images with a defect, 0 to 1.</param>
    /// <exception cref="ArgumentException">A category is unknown.</exception>
    public ProceduralTrainingData(
        IReadOnlyList<string>? categories = null, int imagesPerCategory = 40, int size = 518, long seed = 0, double defectiveFraction = 0.5)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(imagesPerCategory, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(size, 16);
        if (!(defectiveFraction is >= 0 and <= 1))
        {
            throw new ArgumentOutOfRangeException(nameof(defectiveFraction), defectiveFraction, "The fraction of defective images is from 0 to 1.");
        }

        var known = ProceduralDataSet.Categories;
        _categories = [.. categories ?? [.. known.Where(c => !c.IsHeldOut).Select(c => c.Name)]];
        if (_categories.FirstOrDefault(c => known.All(k => k.Name != c)) is { } unknown)
        {
            throw new ArgumentException(
                $"There is no procedural category '{unknown}'; known are {string.Join(", ", known.Select(k => k.Name))}.", nameof(categories));
        }

        (_perCategory, _size, _seed, _defective) = (imagesPerCategory, size, seed, defectiveFraction);
        string settings = string.Create(
            CultureInfo.InvariantCulture,
            $"procedural|{string.Join(',', _categories)}|{_perCategory}|{_size}|{_seed}|{_defective:R}|{string.Join(',', _defects)}");
        Fingerprint = TextHash.Of(settings);
    }

    /// <inheritdoc/>
    public string Name => string.Create(CultureInfo.InvariantCulture, $"procedural ({_categories.Length} categories, {Count} images, seed {_seed})");

    /// <summary>The categories.</summary>
    public IReadOnlyList<string> Categories => _categories;

    /// <inheritdoc/>
    public int Count => _categories.Length * _perCategory;

    /// <inheritdoc/>
    public string Fingerprint { get; }

    /// <summary>One entry for each category. They are called "rendered ...", because a rendered pill is no image of a data set's pill.</summary>
    public IReadOnlyList<CategoryFingerprint> Auxiliary => [.. _categories.Select(c => new CategoryFingerprint
    {
        DataSet = "procedural", Category = $"rendered {c}", Images = _perCategory, Sha256 = Fingerprint, ImageHashes = [],
    })];

    /// <inheritdoc/>
    public string ClassNameOf(int index) => _categories[index / _perCategory];

    /// <inheritdoc/>
    public TrainingSample Load(int index)
    {
        string category = ClassNameOf(index);
        int i = index % _perCategory;
        // The first of a category are defective, so that the share is met exactly; the order of training is shuffled anyway.
        bool defective = i < (int)Math.Round(_defective * _perCategory);
        var picture = ProceduralDataSet.Render(category, unchecked((_seed * 1_000_003) + i), defective ? _defects[i % _defects.Length] : null, _size);
        return new()
        {
            Name = $"{category} {i}",
            ClassName = category,
            // A defect that missed the product is none.
            IsAnomalous = picture.Mask.AsSpan().Contains(true),
            Image = picture.Image,
            Mask = picture.Mask,
        };
    }
}
