using MfpClip.Imaging;

namespace MfpClip.Training.Data;

/// <summary>
/// Four images of one class as one, 2 x 2 (APRIL-GAN's and AdaCLIP's augmentation). Each is first brought to the size of the first, where
/// the reference code pastes them as they are: images of one class mostly have one size.
/// </summary>
internal static class Mosaic
{
    /// <summary>Row by row: upper left, upper right, lower left, lower right. Its mask is known where all four are.</summary>
    public static TrainingSample Of(IReadOnlyList<TrainingSample> four)
    {
        var (w, h) = (four[0].Image.Width, four[0].Image.Height);
        var pixels = new byte[2 * w * 2 * h * 3];
        bool[]? mask = four.All(s => s.Mask is not null || !s.IsAnomalous) ? new bool[2 * w * 2 * h] : null;
        for (int i = 0; i < 4; i++)
        {
            var sample = four[i];
            var image = sample.Image.Width == w && sample.Image.Height == h ? sample.Image : PillowResize.Resize(sample.Image, w, h);
            int left = i % 2 * w, top = i / 2 * h;
            for (int y = 0; y < h; y++)
            {
                image.Pixels.Slice(y * w * 3, w * 3).CopyTo(pixels.AsSpan((((top + y) * 2 * w) + left) * 3));
                if (mask is not null && sample.Mask is { } own)
                {
                    int sourceRow = (int)((long)y * sample.Image.Height / h) * sample.Image.Width;
                    for (int x = 0; x < w; x++)
                    {
                        mask[((top + y) * 2 * w) + left + x] = own[sourceRow + (int)((long)x * sample.Image.Width / w)];
                    }
                }
            }
        }

        return new()
        {
            Name = $"mosaic of {string.Join(", ", four.Select(s => s.Name))}",
            ClassName = four[0].ClassName,
            IsAnomalous = four.Any(s => s.IsAnomalous),
            Image = new(2 * w, 2 * h, pixels),
            Mask = mask,
        };
    }
}
