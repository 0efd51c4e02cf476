using System.Runtime.InteropServices;
using MfpClip.Data.Procedural.Camera;
using SkiaSharp;

namespace MfpClip.Evaluation.Reports;

/// <summary>Small images for reports.</summary>
internal static class JpegFile
{
    public static byte[] Encode(RgbImage image, int quality = 88)
    {
        var rgba = new byte[image.Width * image.Height * 4];
        for (int i = 0; i < image.Width * image.Height; i++)
        {
            image.Pixels.Slice(i * 3, 3).CopyTo(rgba.AsSpan(i * 4));
            rgba[(i * 4) + 3] = 255;
        }

        var pinned = GCHandle.Alloc(rgba, GCHandleType.Pinned);
        try
        {
            using var pixmap = new SKPixmap(new SKImageInfo(image.Width, image.Height, SKColorType.Rgba8888, SKAlphaType.Opaque), pinned.AddrOfPinnedObject());
            using var data = pixmap.Encode(SKEncodedImageFormat.Jpeg, quality) ?? throw new InvalidOperationException(
                $"SkiaSharp cannot encode {image.Width} x {image.Height} pixels as JPEG.");
            return data.ToArray();
        }
        finally
        {
            pinned.Free();
        }
    }
}
