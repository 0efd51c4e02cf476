using MfpClip.Imaging;

namespace MfpClip.Training.Data;

/// <summary>
/// Brings a mask to the model's resolution as the field's training code does: bilinear with antialias (Pillow's), nothing rounded between the passes,
/// then above one half. <c>ByteMaskResize</c> of the evaluation rounds as the authors' test code does.
/// </summary>
internal static class FloatMaskResize
{
    /// <summary>1 on the defect, <c>size * size</c> values.</summary>
    /// <param name="mask">Row by row at the image's resolution.</param>
    /// <param name="width">Pixels a row.</param>
    /// <param name="height">Rows.</param>
    /// <param name="covered">The part of the image the model sees.</param>
    /// <param name="size">Side at the model.</param>
    public static byte[] ToModel(bool[] mask, int width, int height, CoveredArea covered, int size)
    {
        var across = Weights(covered.X, covered.Width, size, width);
        var down = Weights(covered.Y, covered.Height, size, height);
        var rows = new float[height * size];
        for (int y = 0; y < height; y++)
        {
            for (int x = 0; x < size; x++)
            {
                var (first, weights) = across[x];
                float sum = 0;
                for (int k = 0; k < weights.Length; k++)
                {
                    sum += mask[(y * width) + first + k] ? weights[k] : 0;
                }

                rows[(y * size) + x] = sum;
            }
        }

        var result = new byte[size * size];
        for (int y = 0; y < size; y++)
        {
            var (first, weights) = down[y];
            for (int x = 0; x < size; x++)
            {
                float sum = 0;
                for (int k = 0; k < weights.Length; k++)
                {
                    sum += weights[k] * rows[((first + k) * size) + x];
                }

                result[(y * size) + x] = (byte)(sum > 0.5f ? 1 : 0);
            }
        }

        return result;
    }

    // A triangle as wide as two source pixels, or as two target pixels where the mask shrinks.
    private static (int First, float[] Weights)[] Weights(double start, double extent, int size, int length)
    {
        double scale = extent / size;
        double support = Math.Max(scale, 1);
        var all = new (int, float[])[size];
        for (int i = 0; i < size; i++)
        {
            double center = start + ((i + 0.5) * scale);
            int first = Math.Clamp((int)(center - support + 0.5), 0, length - 1);
            int last = Math.Clamp((int)(center + support + 0.5), first + 1, length);
            double[] raw = [.. Enumerable.Range(first, last - first).Select(j => Math.Max(0, 1 - (Math.Abs(j + 0.5 - center) / support)))];
            double sum = raw.Sum();
            all[i] = (first, [.. raw.Select(w => (float)(w / sum))]);
        }

        return all;
    }
}
