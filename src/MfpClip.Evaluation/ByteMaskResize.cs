using MfpClip.Data;

namespace MfpClip.Evaluation;

/// <summary>
/// Brings a mask to another size as the authors' target transform does: Pillow's bilinear resize with antialias of a 0/255 image, first
/// along the rows, rounded to 8 bits after each pass; then defect is what exceeds one half. <c>FloatMaskResize</c> of the training rounds nothing.
/// </summary>
internal static class ByteMaskResize
{
    public static AnomalyMask To(AnomalyMask mask, int width, int height)
    {
        if (mask.Width == width && mask.Height == height)
        {
            return mask;
        }

        if (!mask.Values.Contains(true))
        {
            return AnomalyMask.Empty(width, height);
        }

        byte[] grey = [.. mask.Data.Select(v => v ? (byte)255 : (byte)0)];
        byte[] rows = Pass(grey, mask.Width, mask.Height, width, mask.Width, 1, 1, width);
        byte[] all = Pass(rows, mask.Height, width, height, 1, width, width, 1);
        return new(width, height, [.. all.Select(v => v > 127)]);
    }

    // Along one axis: lines of `length` values, `step` apart, become lines of `target` values, `outStep` apart.
    private static byte[] Pass(byte[] source, int length, int lines, int target, int lineStart, int step, int outStep, int outLineStart)
    {
        if (length == target && lineStart == outLineStart)
        {
            return source;
        }

        var result = new byte[target * lines];
        double scale = (double)length / target, support = Math.Max(scale, 1);
        for (int t = 0; t < target; t++)
        {
            double centre = (t + 0.5) * scale;
            int first = Math.Max((int)(centre - support + 0.5), 0), last = Math.Min((int)(centre + support + 0.5), length);
            double[] weights = [.. Enumerable.Range(first, last - first).Select(i => Math.Max(0, 1 - Math.Abs((i - centre + 0.5) / support)))];
            double sum = weights.Sum();
            for (int line = 0; line < lines; line++)
            {
                double value = 0;
                for (int i = first; i < last; i++)
                {
                    value += weights[i - first] * source[(line * lineStart) + (i * step)];
                }

                result[(line * outLineStart) + (t * outStep)] = (byte)Math.Clamp(Math.Floor((value / sum) + 0.5), 0, 255);
            }
        }

        return result;
    }
}
