namespace MfpClip.Output;

/// <summary>How map values become colours.</summary>
public enum ColorMap
{
    /// <summary>Blue over green and yellow to red; what papers of the field show.</summary>
    Jet,

    /// <summary>Even in lightness, readable in grey and by colour-blind people.</summary>
    Viridis,

    /// <summary>Black over violet and orange to pale yellow.</summary>
    Inferno,

    /// <summary>Black to white.</summary>
    Grey,
}

/// <summary>Colours of map values.</summary>
internal static class ColorMaps
{
    // Viridis and inferno at nine even steps (matplotlib, CC0); between them, linear.
    private static readonly int[] ViridisSteps = [0x440154, 0x472d7b, 0x3b528b, 0x2c728e, 0x21918c, 0x28ae80, 0x5ec962, 0xaddc30, 0xfde725];
    private static readonly int[] InfernoSteps = [0x000004, 0x1b0c41, 0x4a0c6b, 0x781c6d, 0xa52c60, 0xcf4446, 0xed6925, 0xfb9b06, 0xfcffa4];

    /// <summary>256 colours, three bytes each.</summary>
    public static byte[] Table(ColorMap map)
    {
        var table = new byte[256 * 3];
        for (int i = 0; i < 256; i++)
        {
            var (r, g, b) = At(map, i / 255.0);
            (table[3 * i], table[(3 * i) + 1], table[(3 * i) + 2]) = (r, g, b);
        }

        return table;
    }

    /// <summary>The place of a value in the table; not a number is the lowest.</summary>
    /// <param name="value">A map value.</param>
    /// <param name="low">Value of the lowest colour.</param>
    /// <param name="span">From there to the highest.</param>
    public static byte Index(float value, float low, float span)
    {
        float v = span > 0 ? (value - low) / span : 0;
        return float.IsNaN(v) ? (byte)0 : (byte)Math.Round(Math.Clamp(v, 0, 1) * 255);
    }

    private static (byte R, byte G, byte B) At(ColorMap map, double v) => map switch
    {
        ColorMap.Jet => (Byte(1.5 - Math.Abs((4 * v) - 3)), Byte(1.5 - Math.Abs((4 * v) - 2)), Byte(1.5 - Math.Abs((4 * v) - 1))),
        ColorMap.Viridis => Between(ViridisSteps, v),
        ColorMap.Inferno => Between(InfernoSteps, v),
        _ => (Byte(v), Byte(v), Byte(v)),
    };

    private static (byte, byte, byte) Between(int[] steps, double v)
    {
        double at = v * (steps.Length - 1);
        int low = Math.Min((int)at, steps.Length - 2);
        double f = at - low;
        byte Mix(int shift) => Byte(((((steps[low] >> shift) & 255) * (1 - f)) + (((steps[low + 1] >> shift) & 255) * f)) / 255);
        return (Mix(16), Mix(8), Mix(0));
    }

    private static byte Byte(double v) => (byte)Math.Round(Math.Clamp(v, 0, 1) * 255);
}
