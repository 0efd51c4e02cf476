using System.Globalization;
using MfpClip.Data;
using MfpClip.Files;
using MfpClip.Imaging;

namespace MfpClip.Training.Data;

/// <summary>
/// Auxiliary categories of data sets as training data: their test split, good and defective images with masks, as the field trains across
/// data sets. Where a defective image has no mask, it counts for the image terms of the loss only.
/// </summary>
public sealed class DataSetTrainingData : ITrainingData
{
    private readonly List<(AnomalySample Sample, string ClassName)> _samples;
    private readonly SampleReader _reader;
    private readonly MaskNoticeSummary _masks = new();

    /// <summary>Takes the categories and hashes every image file, so that what was trained on can be stated later.</summary>
    /// <param name="categories">Auxiliary categories, from <see cref="DataSetReader.Open(string, DataSetLayout?)"/>.</param>
    /// <param name="reader">How images are decoded; <see langword="null"/>: as a detector does by default.</param>
    /// <param name="cancellationToken">Checked between files.</param>
    /// <exception cref="TrainingException">There is no image to train on.</exception>
    /// <exception cref="DataSetException">A file cannot be read.</exception>
    public DataSetTrainingData(IReadOnlyList<AnomalyCategory> categories, SampleReader? reader = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(categories);
        _reader = reader ?? new(new SkiaImageDecoder());
        _samples = [.. categories.SelectMany(c => c.Test.Select(s => (s, c.ClassName)))];
        if (_samples.Count == 0)
        {
            throw new TrainingException($"The categories {string.Join(", ", categories.Select(c => c.Key))} hold no test images: training across data sets "
                + $"uses normal and defective images of the test split.");
        }

        Auxiliary = [.. categories.Select(c => CategoryFingerprint.Of(c, cancellationToken))];
        Name = string.Create(CultureInfo.InvariantCulture, $"{string.Join(", ", categories.Select(c => c.Key))} ({_samples.Count} images)");
        string text = string.Join('\n', categories.Zip(Auxiliary, (c, f) => $"{c.Key}|{c.ClassName}|{f.Sha256}"))
            + string.Concat(_samples.Select(s => $"\n{Path.GetFileName(s.Sample.ImagePath)}|{s.Sample.IsAnomalous}|{s.Sample.MaskPath is not null}"));
        Fingerprint = TextHash.Of(text);
    }

    /// <inheritdoc/>
    public string Name { get; }

    /// <summary>What was noticed about the masks of the images that were read so far: lossy, black, read from alpha.</summary>
    public MaskNoticeSummary Masks => _masks;

    /// <inheritdoc/>
    public int Count => _samples.Count;

    /// <inheritdoc/>
    public string Fingerprint { get; }

    /// <inheritdoc/>
    public IReadOnlyList<CategoryFingerprint> Auxiliary { get; }

    /// <inheritdoc/>
    public string ClassNameOf(int index) => _samples[index].ClassName;

    /// <inheritdoc/>
    public TrainingSample Load(int index)
    {
        var (sample, className) = _samples[index];
        var loaded = _reader.Load(sample);
        _masks.Add(loaded);
        return new() { Name = sample.ImagePath, ClassName = className, IsAnomalous = sample.IsAnomalous, Image = loaded.Image, Mask = loaded.Mask?.Data };
    }
}
