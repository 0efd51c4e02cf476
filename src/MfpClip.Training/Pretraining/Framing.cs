using MfpClip.Data.Procedural.Canvas;
using MfpClip.Imaging;

namespace MfpClip.Training.Pretraining;

/// <summary>
/// A part of an image, of another shape, squeezed to the square that the model takes: photographs are seldom square, and a detector squeezes
/// them, so a model that has only seen square scenes meets stretched patterns and defects for the first time in use.
/// </summary>
internal static class Framing
{
    // Shortest side over longest; and the longest side as a fraction of the rendered image's.
    private const double Narrowest = 0.42, Nearest = 0.6;

    // Windows that are tried before the whole image is taken, so that a defective image keeps its defect.
    private const int Tries = 8;

    // A target pixel is of the mask from this share on, so that thin lines stay.
    private const float Covered = 0.3f;

    /// <summary>Takes a window of random shape, place and size.</summary>
    /// <param name="image">Square image.</param>
    /// <param name="mask">Its defect.</param>
    /// <param name="size">Side of the result.</param>
    /// <param name="random">Draws the window.</param>
    public static (RgbImage Image, bool[] Mask) Take(RgbImage image, bool[] mask, int size, Random random)
    {
        bool defective = Array.IndexOf(mask, true) >= 0;
        for (int attempt = 0; attempt < Tries; attempt++)
        {
            double longest = (Nearest + ((1 - Nearest) * random.NextDouble())) * image.Width, ratio = Math.Exp(Math.Log(Narrowest) * random.NextDouble());
            var (w, h) = ((int)longest, (int)(longest * ratio));
            if (random.Next(2) == 0)
            {
                (w, h) = (h, w);
            }

            var window = (X: random.Next(image.Width - w + 1), Y: random.Next(image.Height - h + 1), Width: w, Height: h);
            bool[] part = Squeeze(mask, image.Width, window, size);
            if (!defective || part.Count(m => m) >= 6)
            {
                return (PillowResize.Resize(Cut(image, window), size, size), part);
            }
        }

        var whole = (0, 0, image.Width, image.Height);
        return (PillowResize.Resize(image, size, size), Squeeze(mask, image.Width, whole, size));
    }

    private static RgbImage Cut(RgbImage image, (int X, int Y, int Width, int Height) window)
    {
        byte[] pixels = new byte[window.Width * window.Height * 3];
        for (int y = 0; y < window.Height; y++)
        {
            image.Pixels.Slice((((window.Y + y) * image.Width) + window.X) * 3, window.Width * 3).CopyTo(pixels.AsSpan(y * window.Width * 3));
        }

        return new(window.Width, window.Height, pixels);
    }

    // Mean of the mask under each target pixel.
    private static bool[] Squeeze(bool[] mask, int stride, (int X, int Y, int Width, int Height) window, int size)
    {
        float[] rows = new float[size * window.Height];
        for (int y = 0; y < window.Height; y++)
        {
            for (int x = 0; x < size; x++)
            {
                rows[(y * size) + x] = Mean(x, size, window.Width, i => mask[((window.Y + y) * stride) + window.X + i] ? 1 : 0);
            }
        }

        bool[] target = new bool[size * size];
        for (int y = 0; y < size; y++)
        {
            for (int x = 0; x < size; x++)
            {
                target[(y * size) + x] = Mean(y, size, window.Height, i => rows[(i * size) + x]) >= Covered;
            }
        }

        return target;
    }

    private static float Mean(int at, int size, int source, Func<int, float> value)
    {
        float from = (float)at * source / size, to = (float)(at + 1) * source / size, sum = 0;
        for (int i = (int)from; i < source && i < to; i++)
        {
            sum += (Math.Min(i + 1, to) - Math.Max(i, from)) * value(i);
        }

        return sum / (to - from);
    }
}
