namespace MfpClip.Cli;

/// <summary>What a run found, in one image: each photo beside its overlay, under them a bar as long as the score, full width for 1.</summary>
internal sealed class OverviewSheet
{
    /// <summary>Photos beyond these are in the report only.</summary>
    public const int Most = 48;

    private const int Across = 4, Cell = 120, Gap = 6, Bar = 8;

    private readonly List<(RgbImage Photo, RgbImage Overlay, float Score)> _found = [];

    public void Add(RgbImage photo, RgbImage overlay, float score)
    {
        if (_found.Count < Most)
        {
            _found.Add((Shrunk(photo), Shrunk(overlay), score));
        }
    }

    /// <summary>The image; <see langword="null"/> where nothing was added.</summary>
    public RgbImage? Draw()
    {
        if (_found.Count == 0)
        {
            return null;
        }

        const int WidthOfOne = (2 * Cell) + Gap, HeightOfOne = Cell + Bar + (2 * Gap);
        int columns = Math.Min(Across, _found.Count), rows = (_found.Count + Across - 1) / Across;
        int width = (columns * WidthOfOne) + Gap, height = (rows * HeightOfOne) + Gap;
        byte[] pixels = new byte[width * height * 3];
        Array.Fill(pixels, (byte)255);
        for (int k = 0; k < _found.Count; k++)
        {
            int x = Gap + (k % Across * WidthOfOne), y = Gap + (k / Across * HeightOfOne);
            var (photo, overlay, score) = _found[k];
            Place(pixels, width, photo, x, y);
            Place(pixels, width, overlay, x + Cell, y);
            int length = (int)Math.Round(Math.Clamp(score, 0, 1) * 2 * Cell);
            for (int row = y + Cell + 1; row < y + Cell + 1 + Bar; row++)
            {
                for (int i = 0; i < 2 * Cell; i++)
                {
                    byte grey = (byte)(i < length ? 40 : 225);
                    pixels.AsSpan(((row * width) + x + i) * 3, 3).Fill(grey);
                }
            }
        }

        return new(width, height, pixels);
    }

    // Means of the pixels under each target pixel; a smaller photo is drawn larger, pixel by pixel.
    private static RgbImage Shrunk(RgbImage image)
    {
        double scale = (double)Cell / Math.Max(image.Width, image.Height);
        int width = Math.Max(1, (int)(image.Width * scale)), height = Math.Max(1, (int)(image.Height * scale));
        byte[] pixels = new byte[width * height * 3];
        Parallel.For(0, height, y =>
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

                    pixels[(((y * width) + x) * 3) + c] = (byte)(sum / ((bottom - top) * (right - left)));
                }
            }
        });
        return new(width, height, pixels);
    }

    private static (int From, int To) Span(int at, int target, int source)
    {
        int from = (int)((long)at * source / target);
        return (from, Math.Max(from + 1, (int)((long)(at + 1) * source / target)));
    }

    private static void Place(byte[] pixels, int width, RgbImage image, int left, int top)
    {
        int x = left + ((Cell - image.Width) / 2), y = top + ((Cell - image.Height) / 2);
        for (int row = 0; row < image.Height; row++)
        {
            image.Pixels.Slice(row * image.Width * 3, image.Width * 3).CopyTo(pixels.AsSpan((((y + row) * width) + x) * 3));
        }
    }
}
