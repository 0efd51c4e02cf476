using System.Text.Json;
using System.Text.RegularExpressions;
using MfpClip.ImageSharp;
using MfpClip.Imaging;

namespace MfpClip.Parity.Tests.Imaging;

public class PreprocessParityTests
{
    private static readonly SkiaImageDecoder Lossless = new();

    [SkippableTheory]
    [InlineData("SkiaSharp")]
    [InlineData("ImageSharp")]
    public void Decoding_agrees(string decoder)
    {
        var chosen = new IImageDecoder[] { Lossless, new ImageSharpDecoder() }.Single(d => d.Name == decoder);
        string folder = Goldens.Family("preprocess");
        foreach (var (name, entry) in Files())
        {
            // The reference neither turns by EXIF nor scales 16 bits; we do both on purpose (unit tests cover them).
            if (name.StartsWith("exif", StringComparison.Ordinal) || entry.GetProperty("mode").GetString()!.StartsWith('I'))
            {
                continue;
            }

            if (decoder == "ImageSharp" && entry.GetProperty("format").GetString() is not ("PNG" or "JPEG" or "BMP" or "TIFF"))
            {
                Assert.Throws<ImageDecodeException>(() => Read(folder, name, chosen));
                continue;
            }

            var (expected, actual) = (Read(folder, entry.GetProperty("decoded").GetString()!), Read(folder, name, chosen));
            bool jpeg = entry.GetProperty("format").GetString() == "JPEG";
            if (jpeg && decoder == "ImageSharp")
            {
                // Its documented limit: it repeats the chroma of subsampled JPEGs where all others interpolate. The brightness must agree.
                (expected, actual) = (Luma(expected), Luma(actual));
            }

            var (worst, mean) = Difference(expected, actual);
            var (most, average) = Limits(jpeg ? "uint8 JPEG" : null);
            Assert.True(worst <= most && mean <= average, $"{name}: {worst} at most, {mean:g3} on average");
        }
    }

    [SkippableFact]
    public void Resizing_agrees_with_Pillow_within_the_manifests_grey_levels()
    {
        var (most, _) = Limits("uint8 PNG");
        string folder = Goldens.Family("preprocess");
        int compared = 0;
        foreach (var (name, entry) in Files())
        {
            var decoded = Read(folder, entry.GetProperty("decoded").GetString()!);
            foreach (var property in entry.EnumerateObject().Where(p => Regex.IsMatch(p.Name, "^(clip|sq)[0-9]+$")))
            {
                // The reference resizes in the file's own mode; we widen to RGB first, which the goldens hold under another name.
                string file = entry.TryGetProperty($"{property.Name}_rgbfirst", out var first) ? first.GetString()! : property.Value.GetString()!;
                if (entry.GetProperty($"{property.Name}_max_diff_if_converted_to_rgb_first")
                    .GetInt32() > 0 && !entry.TryGetProperty($"{property.Name}_rgbfirst", out _))
                {
                    continue;
                }

                int size = int.Parse(Regex.Match(property.Name, "[0-9]+").Value, System.Globalization.CultureInfo.InvariantCulture);
                IImagePreprocessor preprocessor = property.Name.StartsWith("sq", StringComparison.Ordinal) ? new SquareResize(size)
                    : new ResizeAndCenterCrop(size);
                var (worst, _) = Difference(Read(folder, file), preprocessor.Prepare(decoded).Pixels);
                Assert.True(worst <= most, $"{name} {property.Name}: {worst} grey levels");
                compared++;
            }
        }

        Assert.True(compared > 0);
    }

    [SkippableFact]
    public void Normalised_tensors_agree()
    {
        string folder = Goldens.Family("preprocess");
        using var scope = torch.NewDisposeScope();
        var norm = Goldens.Json(Path.Combine(folder, "normalization.json"));
        float[] Floats(string name) => [.. norm.GetProperty(name).EnumerateArray().Select(v => v.GetSingle())];
        double tolerance = Goldens.Manifest("preprocess").GetProperty("tolerance").GetProperty("normalized").GetDouble();
        foreach (var (key, expected) in Goldens.Tensors(folder, "normalized.safetensors"))
        {
            var match = Regex.Match(key, "^(clip|sq)([0-9]+)\\.(.+)$");
            int size = int.Parse(match.Groups[2].Value, System.Globalization.CultureInfo.InvariantCulture);
            IImagePreprocessor preprocessor = match.Groups[1].Value == "sq" ? new SquareResize(size) : new ResizeAndCenterCrop(size);
            var pixels = preprocessor.Prepare(Read(folder, match.Groups[3].Value)).Pixels;
            Goldens.Close(key, expected, PixelTensor.Normalized([pixels], Floats("mean"), Floats("std"))[0], tolerance);
        }
    }

    private static IEnumerable<(string Name, JsonElement Entry)> Files() =>
        Goldens.Manifest("preprocess").GetProperty("files").EnumerateObject().Select(p => (p.Name, p.Value));

    /// <summary>Greatest and mean difference in grey levels that the manifest allows, given in words; lossless formats must decode exactly.</summary>
    private static (int Most, int Average) Limits(string? kind)
    {
        if (kind is null)
        {
            return (0, 0);
        }

        string words = Goldens.Manifest("preprocess").GetProperty("tolerance").EnumerateObject()
            .First(t => t.Name.StartsWith(kind, StringComparison.Ordinal)).Value.GetString()!;
        int Level(string name) => Regex.Match(words, $"{name} abs diff ([0-9]+)") is { Success: true } found
            ? int.Parse(found.Groups[1].Value, System.Globalization.CultureInfo.InvariantCulture) : int.MaxValue;
        return (Level("max"), Level("mean"));
    }

    private static RgbImage Luma(RgbImage image)
    {
        var grey = new byte[image.Data.Length];
        for (int i = 0; i < grey.Length; i++)
        {
            int at = i / 3 * 3;
            grey[i] = (byte)Math.Round((0.299 * image.Data[at]) + (0.587 * image.Data[at + 1]) + (0.114 * image.Data[at + 2]));
        }

        return new(image.Width, image.Height, grey);
    }

    private static RgbImage Read(string folder, string name, IImageDecoder? decoder = null) => (decoder ?? Lossless)
        .Decode(File.ReadAllBytes(Path.Combine(folder, name)), name, new());

    private static (int Worst, double Mean) Difference(RgbImage a, RgbImage b)
    {
        Assert.Equal((a.Width, a.Height), (b.Width, b.Height));
        var differences = a.Data.Zip(b.Data, (x, y) => Math.Abs(x - y)).ToList();
        return (differences.Max(), differences.Average());
    }
}
