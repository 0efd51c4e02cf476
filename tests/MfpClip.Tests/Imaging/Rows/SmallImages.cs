using System.Buffers.Binary;
using SkiaSharp;

namespace MfpClip.Tests.Imaging.Rows;

/// <summary>Small image files of several formats.</summary>
internal static class SmallImages
{
    /// <summary>Smooth colours with noise, as Skia encodes them.</summary>
    public static byte[] Encoded(SKEncodedImageFormat format, int width, int height, int quality, SKColorType kind)
    {
        using var bitmap = new SKBitmap(width, height, kind, SKAlphaType.Opaque);
        var random = new Random(width);
        for (int i = 0; i < width * height; i++)
        {
            bitmap.SetPixel(i % width, i / width, new SKColor((byte)(i * 3), (byte)random.Next(100), (byte)(i / width * 5)));
        }

        using var data = bitmap.Encode(format, quality);
        return data.ToArray();
    }

    /// <summary>A BMP of random content; a negative height: stored from the top.</summary>
    public static byte[] Bitmap(int bits, int width, int height, int header, int colors)
    {
        int stride = ((width * bits) + 31) / 32 * 4, palette = bits == 8 ? (colors == 0 ? 256 : colors) * 4 : 0, start = 14 + header + palette;
        byte[] file = new byte[start + (stride * Math.Abs(height))];
        new Random(bits).NextBytes(file.AsSpan(14 + header));
        (file[0], file[1], file[26], file[28]) = ((byte)'B', (byte)'M', 1, (byte)bits);
        foreach (var (at, value) in new[] { (2, file.Length), (10, start), (14, header), (18, width), (22, height), (46, colors) })
        {
            BinaryPrimitives.WriteInt32LittleEndian(file.AsSpan(at), value);
        }

        return file;
    }
}
