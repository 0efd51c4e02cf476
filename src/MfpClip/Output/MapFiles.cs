using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text;
using MfpClip.Files;
using MfpClip.Imaging;

namespace MfpClip.Output;

/// <summary>Writes maps and images to files; every write is atomic.</summary>
public static class MapFiles
{
    /// <summary>Writes an image as 8-bit PNG.</summary>
    /// <exception cref="OutputException">It cannot be written; nothing is left behind.</exception>
    public static void WritePng(string path, RgbImage image)
    {
        byte[] png = MapImages.ToPng(image);
        AtomicFile.Write(path, s => s.Write(png));
    }

    /// <summary>Writes the raw map as 16-bit grey PNG: value v in [0,1] becomes round(65535 v).</summary>
    /// <exception cref="OutputException">It cannot be written; nothing is left behind.</exception>
    public static void WritePng16(string path, AnomalyMap map)
    {
        ArgumentNullException.ThrowIfNull(map);
        byte[] png = Png16.Encode(map);
        AtomicFile.Write(path, s => s.Write(png));
    }

    /// <summary>Writes the raw map as NumPy array, float32 <c>[H, W]</c>, row by row.</summary>
    /// <exception cref="OutputException">It cannot be written; nothing is left behind.</exception>
    public static void WriteNpy(string path, AnomalyMap map)
    {
        ArgumentNullException.ThrowIfNull(map);
        string header = FormattableString.Invariant($"{{'descr': '<f4', 'fortran_order': False, 'shape': ({map.Height}, {map.Width}), }}");
        header = header.PadRight(((10 + header.Length + 1 + 63) / 64 * 64) - 11) + "\n";
        AtomicFile.Write(path, s =>
        {
            s.Write([0x93, (byte)'N', (byte)'U', (byte)'M', (byte)'P', (byte)'Y', 1, 0]);
            Span<byte> length = stackalloc byte[2];
            BinaryPrimitives.WriteUInt16LittleEndian(length, (ushort)header.Length);
            s.Write(length);
            s.Write(Encoding.ASCII.GetBytes(header));
            s.Write(MemoryMarshal.AsBytes(map.Values));
        });
    }

    /// <summary>Reads an image for drawing on it, upright. A detector's own <see cref="InputSettings.Decode"/> reads what that detector saw.</summary>
    /// <param name="image">The image.</param>
    /// <param name="decoder">The detector's decoder; <see langword="null"/>: the library's.</param>
    /// <exception cref="ImageDecodeException">It cannot be read.</exception>
    public static RgbImage ReadPhoto(ImageInput image, IImageDecoder? decoder = null) => ImageReader.Read(image, decoder ?? new SkiaImageDecoder(), new());
}
