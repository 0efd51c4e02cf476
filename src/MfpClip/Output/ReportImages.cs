using MfpClip.Imaging;
using MfpClip.Parallelism;

namespace MfpClip.Output;

/// <summary>A photo, its map and its regions at a size at which many fit into one page.</summary>
internal sealed record ReportImages(RgbImage Photo, AnomalyMap Map, IReadOnlyList<DefectRegion> Regions)
{
    /// <summary>
    /// As they are where they are small; else one of several pixels: the photo's mean, the map's highest, so that no small defect disappears.
    /// </summary>
    /// <param name="photo">The photo, or a smaller picture of it.</param>
    /// <param name="result">What was said of it.</param>
    /// <param name="longestSide">Longest side in pixels.</param>
    /// <exception cref="ArgumentException">The photo does not show the image that the result is of.</exception>
    public static ReportImages Fit(RgbImage photo, AnomalyResult result, int longestSide)
    {
        if (result.ImageMap is not null)
        {
            Check(photo, result);
        }

        var small = Shrink(photo, longestSide);
        return new(small, MapResize.ToSize(result, small.Width, small.Height), Scaled(result, small));
    }

    /// <summary>The regions of a result in the pixels of a picture of the image: those that hold any of the region's.</summary>
    public static IReadOnlyList<DefectRegion> Scaled(AnomalyResult result, RgbImage picture)
    {
        int width = result.ImageWidth, height = result.ImageHeight;
        return width == picture.Width && height == picture.Height ? result.Regions : [.. result.Regions.Select(r =>
        {
            int left = Holder(r.X, picture.Width, width), right = Holder(r.X + r.Width - 1, picture.Width, width);
            int top = Holder(r.Y, picture.Height, height), bottom = Holder(r.Y + r.Height - 1, picture.Height, height);
            return r with { X = left, Y = top, Width = right - left + 1, Height = bottom - top + 1 };
        })];
    }

    /// <exception cref="ArgumentException">The photo is no picture of the result's image: it is larger, or has another shape.</exception>
    public static void Check(RgbImage photo, AnomalyResult result)
    {
        long width = result.ImageWidth, height = result.ImageHeight;
        // Both sides of a smaller picture are rounded by less than a pixel.
        if (photo.Width > width || photo.Height > height || Math.Abs((photo.Width * height) - (photo.Height * width)) >= Math.Max(width, height))
        {
            throw new ArgumentException(
                $"The photo is {photo.Width} x {photo.Height}, which is no picture of the result's image of {width} x {height} pixels.", nameof(photo));
        }
    }

    /// <summary>The image with a longest side of so many pixels: each the mean of those it stands for. One that is smaller stays.</summary>
    public static RgbImage Shrink(RgbImage image, int longestSide)
    {
        double scale = (double)longestSide / Math.Max(image.Width, image.Height);
        if (scale >= 1)
        {
            return image;
        }

        int width = Math.Max(1, (int)Math.Round(image.Width * scale)), height = Math.Max(1, (int)Math.Round(image.Height * scale));
        byte[] pixels = new byte[width * height * 3];
        ParallelRows.Run(height, y =>
        {
            var (top, bottom) = Span(y, height, image.Height);
            for (int x = 0; x < width; x++)
            {
                var (left, right) = Span(x, width, image.Width);
                for (int c = 0; c < 3; c++)
                {
                    long sum = 0;
                    for (int row = top; row < bottom; row++)
                    {
                        for (int column = left; column < right; column++)
                        {
                            sum += image.Data[(((row * image.Width) + column) * 3) + c];
                        }
                    }

                    int count = (bottom - top) * (right - left);
                    pixels[(((y * width) + x) * 3) + c] = (byte)((sum + (count / 2)) / count);
                }
            }
        });
        return new(width, height, pixels);
    }

    // Pixels of the source that one of the target stands for, and the other way round.
    private static (int From, int To) Span(int at, int target, int source) =>
        ((int)((long)at * source / target), (int)((long)(at + 1) * source / target));

    private static int Holder(int at, int target, int source) => (int)((((long)at + 1) * target - 1) / source);
}
