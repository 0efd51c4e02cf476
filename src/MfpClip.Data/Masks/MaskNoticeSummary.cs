using System.Globalization;

namespace MfpClip.Data;

/// <summary>
/// Counts and names what was noticed about masks while samples were read. Safe for concurrent callers; an image counts once however often it is read.
/// </summary>
public sealed class MaskNoticeSummary
{
    private const int Named = 5;

    private const string Left = "which does not say where the defect is: left out of the pixel metrics, in training of the terms of pixels";

    private static readonly (MaskNotices Notice, string Text)[] Texts =
    [
        (MaskNotices.Black, $"defective images have a black mask, {Left}"),
        (MaskNotices.Full, $"defective images have a mask of the whole image, {Left}"),
        (MaskNotices.Lossy, "masks are lossy (JPEG): pixels from half brightness on count as defect; save masks as PNG"),
        (MaskNotices.FromAlpha, "masks are read from the alpha channel: what is not transparent counts as defect"),
        (MaskNotices.FromIndices, "masks are read from the indices of their palette, because its colours do not tell"),
        (MaskNotices.FitsUnturned, "images carry an EXIF orientation and were turned upright, but their masks fit the unturned pixels better: figures of "
            + "pixels are wrong if the masks were drawn on those; turn the masks as the images are shown"),
    ];

    private readonly Lock _lock = new();
    private readonly SortedDictionary<string, MaskNotices> _images = new(StringComparer.Ordinal);

    /// <summary>Takes a sample that was read.</summary>
    public void Add(LoadedSample sample)
    {
        ArgumentNullException.ThrowIfNull(sample);
        if (sample.Sample.IsAnomalous)
        {
            lock (_lock)
            {
                _images[sample.Sample.ImagePath] = sample.Notices;
            }
        }
    }

    /// <summary>Number of defective images that had a notice.</summary>
    /// <param name="notice">Any of these.</param>
    public int Count(MaskNotices notice)
    {
        lock (_lock)
        {
            return _images.Values.Count(n => (n & notice) != 0);
        }
    }

    /// <summary>A sentence for each kind of notice with number and names of the images, without a point at its end.</summary>
    public IReadOnlyList<string> Sentences
    {
        get
        {
            lock (_lock)
            {
                return
                [
                    .. Texts.Select(t => (t.Text, Images: _images.Where(i => i.Value.HasFlag(t.Notice)).Select(i => Path.GetFileName(i.Key)).ToList()))
                        .Where(t => t.Images.Count > 0).Select(t => string.Create(CultureInfo.InvariantCulture,
                            $"{t.Images.Count} of {_images.Count} {t.Text} ({string.Join(", ", t.Images.Take(Named))}"
                            + $"{(t.Images.Count > Named ? ", ..." : string.Empty)})")),
                ];
            }
        }
    }
}
