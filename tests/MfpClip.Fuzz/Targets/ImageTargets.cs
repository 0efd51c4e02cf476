using MfpClip.Fuzz.Mutation;
using MfpClip.ImageSharp;
using MfpClip.Imaging;
using MfpClip.Tiff;

namespace MfpClip.Fuzz.Targets;

/// <summary>Decoders, as a whole and by rows; where both take a file, the pixels are the same.</summary>
internal static class ImageTargets
{
    /// <summary>What an image may cost here: inputs are small.</summary>
    public static ImageLimits Limits { get; } = new() { MaximumPixels = 4_000_000, MaximumBytes = 1 << 20 };

    private static readonly RowLimits Rows = new() { MaximumPixels = 4_000_000, MaximumMemory = 32 << 20 };

    public static IReadOnlyList<FuzzTarget> All { get; } =
    [
        new() { Name = "png", Changes = [ImageMutation.Png], Cost = 4, Prepare = Both("x.png", new SkiaImageDecoder()) },
        new() { Name = "jpeg", Changes = [ImageMutation.Jpeg], Cost = 8, Prepare = Both("x.jpg", new SkiaImageDecoder()) },
        new() { Name = "bmp", Cost = 4, Prepare = Both("x.bmp", new SkiaImageDecoder()) },
        new() { Name = "gif", Cost = 4, Prepare = Both("x.gif", new SkiaImageDecoder()) },
        new() { Name = "webp", Cost = 4, Prepare = Both("x.webp", new SkiaImageDecoder()) },
        new() { Name = "tiff", Cost = 4, Prepare = Both("x.tif", new TiffImageDecoder()) },
        new() { Name = "imagesharp-png", Changes = [ImageMutation.Png], Cost = 8, Prepare = Whole(new ImageSharpDecoder()) },
        new() { Name = "imagesharp-jpeg", Changes = [ImageMutation.Jpeg], Cost = 8, Prepare = Whole(new ImageSharpDecoder()) },
        new() { Name = "imagesharp-bmp", Cost = 4, Prepare = Whole(new ImageSharpDecoder()) },
        new() { Name = "imagesharp-tiff", Cost = 4, Prepare = Whole(new ImageSharpDecoder()) },
    ];

    private static Func<string, Action<byte[]>> Whole(IImageDecoder decoder) => _ => input => decoder.Decode(input, "x", Limits);

    private static Func<string, Action<byte[]>> Both(string name, IImageRowDecoder decoder) => folder =>
    {
        string path = Path.Combine(folder, name);
        return input =>
        {
            File.WriteAllBytes(path, input);
            RgbImage? rows = null;
            try
            {
                rows = ByRows(decoder, path);
            }
            catch (ImageDecodeException)
            {
                // What is left is whether the whole is refused as well, or taken.
            }

            var whole = decoder.Decode(input, path, Limits);
            if (rows is not null && !(rows.Width == whole.Width && rows.Height == whole.Height && rows.Pixels.SequenceEqual(whole.Pixels)))
            {
                throw new InvalidOperationException("The rows are not those of the whole image.");
            }
        };
    };

    private static RgbImage? ByRows(IImageRowDecoder decoder, string path)
    {
        using var rows = decoder.OpenRows(path, Rows);
        if (rows is null)
        {
            return null;
        }

        byte[] pixels = new byte[rows.Width * rows.Height * 3];
        for (int y = 0; y < rows.Height; y++)
        {
            rows.Read(pixels.AsSpan(y * rows.Width * 3, rows.Width * 3));
        }

        return new(rows.Width, rows.Height, pixels);
    }
}
