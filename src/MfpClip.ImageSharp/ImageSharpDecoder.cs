using System.Runtime.InteropServices;
using MfpClip.Imaging;
using SixLabors.ImageSharp;
using SixLabors.ImageSharp.Formats;
using SixLabors.ImageSharp.Formats.Bmp;
using SixLabors.ImageSharp.Formats.Jpeg;
using SixLabors.ImageSharp.Formats.Png;
using SixLabors.ImageSharp.Formats.Tiff;
using SixLabors.ImageSharp.Metadata;
using SixLabors.ImageSharp.PixelFormats;
using SixLabors.ImageSharp.Processing;

namespace MfpClip.ImageSharp;

/// <summary>
/// Decodes PNG, JPEG, BMP and TIFF through ImageSharp. EXIF orientation is applied, 16-bit samples are scaled to
/// 8 bits, alpha is dropped, colour profiles are not applied, of several pages the first is taken. Safe for concurrent callers.
/// </summary>
/// <remarks>
/// GIF, WebP, TGA, PBM, interlaced PNG and compressed BMP are refused: ImageSharp 2.1, the last version without a licence key, gives pictures that are half
/// invented, or were decoded before, or never ends on some of them. The default decoder reads them, but for TGA and PBM. Metadata of PNG are not read but for
/// the orientation.
/// Lossless files decode to the same pixels as with the default decoder and Pillow. JPEGs with subsampled chroma do not: ImageSharp repeats the
/// chroma where the others interpolate, so colours at edges differ while the brightness agrees.
/// </remarks>
public sealed class ImageSharpDecoder : IImageDecoder
{
    private static readonly Configuration FirstFrame = FirstFrameOf(new(
        new PngConfigurationModule(), new JpegConfigurationModule(), new BmpConfigurationModule(), new TiffConfigurationModule()));
    private readonly Configuration _configuration;

    /// <summary>Creates the decoder.</summary>
    public ImageSharpDecoder()
        : this(FirstFrame)
    {
    }

    private ImageSharpDecoder(Configuration configuration) => _configuration = configuration;

    /// <inheritdoc/>
    public string Name => "ImageSharp";

    /// <inheritdoc/>
    public IReadOnlyCollection<string> FileExtensions { get; } =
        [".png", ".apng", ".jpg", ".jpeg", ".jpe", ".jfif", ".bmp", ".dib", ".tif", ".tiff"];

    /// <summary>One that reads TIFF and nothing else, whatever a file's content says.</summary>
    internal static ImageSharpDecoder OfTiff() => new(FirstFrameOf(new(new TiffConfigurationModule())));

    /// <inheritdoc/>
    public RgbImage Decode(ReadOnlyMemory<byte> encoded, string source, ImageLimits limits)
    {
        ArgumentNullException.ThrowIfNull(limits);
        if (encoded.IsEmpty)
        {
            throw new ImageDecodeException(source, "it is empty (0 bytes).");
        }

        if (encoded.Length > limits.MaximumBytes)
        {
            throw new ImageDecodeException(source, $"it has {encoded.Length} bytes, more than the limit of {limits.MaximumBytes} (ImageLimits.MaximumBytes).");
        }

        try
        {
            var reduced = Checked(encoded, source, limits);
            var format = CheckSize(reduced, source, limits);
            using var image = Image.Load<Rgba32>(_configuration, reduced.Span);
            Turn(image, format, reduced.Span);
            return Pixels(image);
        }
        catch (UnknownImageFormatException e)
        {
            throw Unknown(source, e);
        }
        catch (Exception e) when (e is not (ImageDecodeException or OutOfMemoryException))
        {
            // On damaged files its decoders throw whatever their code runs into.
            throw new ImageDecodeException(source, $"its pixels cannot be decoded ({e.Message.ReplaceLineEndings(" ").TrimEnd('.')}); the file is damaged.", e);
        }
    }

    /// <summary>Before any pixel is allocated: a small file can declare a huge image.</summary>
    private IImageFormat CheckSize(ReadOnlyMemory<byte> encoded, string source, ImageLimits limits)
    {
        using var stream = MemoryMarshal.TryGetArray(encoded, out var array) ? new MemoryStream(array.Array!, array.Offset, array.Count, writable: false)
            : new MemoryStream(encoded.ToArray());
        var info = Image.Identify(_configuration, stream, out var format) ?? throw Unknown(source, null);
        if (info.Width < 1 || info.Height < 1)
        {
            throw new ImageDecodeException(source, $"its size is {info.Width} x {info.Height}.");
        }

        if ((long)info.Width * info.Height > limits.MaximumPixels || (long)info.Width * info.Height * 4 > int.MaxValue)
        {
            throw new ImageDecodeException(source, $"it declares {info.Width} x {info.Height} pixels, more than the limit of "
                + $"{Math.Min(limits.MaximumPixels, int.MaxValue / 4)} (ImageLimits.MaximumPixels).");
        }

        return format;
    }

    // ImageSharp fills up images that break off; an image that is half invented must not be judged.
    private static ReadOnlyMemory<byte> Checked(ReadOnlyMemory<byte> encoded, string source, ImageLimits limits)
    {
        if (PngStructure.Begins(encoded.Span))
        {
            return PngStructure.Reduce(encoded.Span, source, limits);
        }

        JpegStructure.Read(encoded.Span)?.Check(source);
        if (BmpStructure.Begins(encoded.Span))
        {
            BmpStructure.Check(encoded.Span, source);
        }

        return !TiffFile.Begins(encoded.Span) || TiffFile.IsWhole(encoded.Span) ? encoded
            : throw new ImageDecodeException(source, "it is truncated: the file ends before the image does.");
    }

    // ImageSharp applies the orientation of EXIF; a TIFF states its own in its directory.
    private static void Turn(Image<Rgba32> image, IImageFormat format, ReadOnlySpan<byte> encoded)
    {
        if (format.Name != "TIFF")
        {
            image.Mutate(x => x.AutoOrient());
            return;
        }

        var (rotate, flip) = TiffFile.Orientation(encoded) switch
        {
            2 => (RotateMode.None, FlipMode.Horizontal),
            3 => (RotateMode.Rotate180, FlipMode.None),
            4 => (RotateMode.None, FlipMode.Vertical),
            5 => (RotateMode.Rotate90, FlipMode.Horizontal),
            6 => (RotateMode.Rotate90, FlipMode.None),
            7 => (RotateMode.Rotate90, FlipMode.Vertical),
            8 => (RotateMode.Rotate270, FlipMode.None),
            _ => (RotateMode.None, FlipMode.None),
        };
        image.Mutate(x => x.RotateFlip(rotate, flip));
    }

    private static RgbImage Pixels(Image<Rgba32> image)
    {
        var rgb = new byte[image.Width * image.Height * 3];
        image.ProcessPixelRows(rows =>
        {
            int to = 0;
            for (int y = 0; y < rows.Height; y++)
            {
                foreach (var p in rows.GetRowSpan(y))
                {
                    (rgb[to], rgb[to + 1], rgb[to + 2]) = (p.R, p.G, p.B);
                    to += 3;
                }
            }
        });
        return new RgbImage(image.Width, image.Height, rgb);
    }

    private static Configuration FirstFrameOf(Configuration configuration)
    {
        configuration.ImageFormatsManager.SetDecoder(TiffFormat.Instance, new TiffDecoder { DecodingMode = FrameDecodingMode.First });
        return configuration;
    }

    private static ImageDecodeException Unknown(string source, Exception? inner) =>
        new(source, "it is not an image of a known kind (PNG, JPEG, BMP, TIFF), or its header is damaged.", inner!);
}
