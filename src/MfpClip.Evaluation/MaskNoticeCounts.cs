using MfpClip.Data;

namespace MfpClip.Evaluation;

/// <summary>Counts and names what was noticed about the masks of a category.</summary>
internal sealed class MaskNoticeCounts
{
    private static readonly (MaskNotices Notice, string Text)[] Texts =
    [
        (MaskNotices.Black, "of {0} defective images have a black mask and are left out of the pixel metrics"),
        (MaskNotices.Full, "of {0} defective images have a mask that covers the whole image and are left out of the pixel metrics"),
        (MaskNotices.Lossy, "of {0} masks are lossy (JPEG): pixels from half brightness on count as defect; save masks as PNG"),
        (MaskNotices.FromAlpha, "of {0} masks are read from the alpha channel: what is not transparent counts as defect"),
        (MaskNotices.FromIndices, "of {0} masks are read from the indices of their palette, because its colours do not tell"),
        (MaskNotices.FitsUnturned, "of {0} images carry an EXIF orientation and were turned upright, but their masks fit the unturned pixels better: pixel metrics "
            + "are wrong if the masks were drawn on them; turn the masks as the images are shown"),
    ];

    private readonly Dictionary<MaskNotices, List<string>> _images = [];
    private int _defective;

    /// <summary>Takes an image that was read.</summary>
    public void Add(LoadedSample sample)
    {
        if (!sample.Sample.IsAnomalous)
        {
            return;
        }

        _defective++;
        foreach (var notice in Enum.GetValues<MaskNotices>().Where(n => n != MaskNotices.None && sample.Notices.HasFlag(n)))
        {
            if (!_images.TryGetValue(notice, out var images))
            {
                _images[notice] = images = [];
            }

            images.Add(Path.GetFileName(sample.Sample.ImagePath));
        }
    }

    /// <summary>Number of defective images with a mask that says nothing.</summary>
    public int WithoutPlace => Count(MaskNotices.Black) + Count(MaskNotices.Full);

    /// <summary>A sentence for each notice, without a point at its end.</summary>
    public IEnumerable<string> Sentences() => Texts.Where(t => Count(t.Notice) > 0)
        .Select(t => $"{Count(t.Notice)} {string.Format(System.Globalization.CultureInfo.InvariantCulture, t.Text, _defective)} ({Names(_images[t.Notice])})");

    private int Count(MaskNotices notice) => _images.TryGetValue(notice, out var images) ? images.Count : 0;

    private static string Names(List<string> images) => string.Join(", ", images.Take(5)) + (images.Count > 5 ? ", ..." : string.Empty);
}
