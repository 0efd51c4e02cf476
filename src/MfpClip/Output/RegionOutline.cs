using MfpClip.Imaging;
using MfpClip.Parallelism;

namespace MfpClip.Output;

/// <summary>Draws where a region ends.</summary>
internal static class RegionOutline
{
    // In no colour map.
    private static ReadOnlySpan<byte> Color => [255, 0, 255];

    /// <summary>Draws the pixels inside that touch one outside: a line of one pixel, thicker in large images.</summary>
    /// <param name="image">Its pixels change.</param>
    /// <param name="region">Stretched over the image.</param>
    public static void Draw(RgbImage image, RegionOfInterest region)
    {
        int[] columns = [.. Enumerable.Range(0, image.Width).Select(x => RegionMask.Middle(x, image.Width, region.Width))];
        int[] rows = [.. Enumerable.Range(0, image.Height).Select(y => RegionMask.Middle(y, image.Height, region.Height) * region.Width)];
        int reach = Math.Max(1, Math.Max(image.Width, image.Height) / 1000);
        bool Inside(int x, int y) => region.Inside[rows[y] + columns[x]];
        ParallelRows.Run(image.Height, y =>
        {
            int above = Math.Max(y - reach, 0), below = Math.Min(y + reach, image.Height - 1);
            for (int x = 0; x < image.Width; x++)
            {
                if (Inside(x, y) && !(Inside(Math.Max(x - reach, 0), y) && Inside(Math.Min(x + reach, image.Width - 1), y) && Inside(x, above)
                    && Inside(x, below)))
                {
                    Color.CopyTo(image.Data.AsSpan(((y * image.Width) + x) * 3));
                }
            }
        });
    }
}
