using System.Runtime.InteropServices;
using SkiaSharp;

namespace MfpClip.AspNet.Detection;

/// <summary>An overlay for a page: scaled down and packed, so that a dozen of them load at once.</summary>
internal static class OverlayJpeg
{
    private const int MaximumSide = 1280, Quality = 88;

    /// <summary>A data URL.</summary>
    public static string ToDataUrl(RgbImage image) => $"data:image/jpeg;base64,{Convert.ToBase64String(Encode(image))}";

    private static byte[] Encode(RgbImage image)
    {
        using var bitmap = new SKBitmap(new SKImageInfo(image.Width, image.Height, SKColorType.Rgba8888, SKAlphaType.Opaque));
        var pixels = new byte[image.Width * image.Height * 4];
        for (int from = 0, to = 0; to < pixels.Length; from += 3, to += 4)
        {
            image.Pixels.Slice(from, 3).CopyTo(pixels.AsSpan(to));
            pixels[to + 3] = 255;
        }

        Marshal.Copy(pixels, 0, bitmap.GetPixels(), pixels.Length);
        double scale = Math.Min(1, (double)MaximumSide / Math.Max(image.Width, image.Height));
        if (scale == 1)
        {
            return Encode(bitmap);
        }

        var size = new SKSizeI(Math.Max(1, (int)(image.Width * scale)), Math.Max(1, (int)(image.Height * scale)));
        using var small = bitmap.Resize(size, new SKSamplingOptions(SKFilterMode.Linear, SKMipmapMode.Linear));
        return Encode(small);
    }

    private static byte[] Encode(SKBitmap bitmap)
    {
        using var data = bitmap.Encode(SKEncodedImageFormat.Jpeg, Quality);
        return data.ToArray();
    }
}
