using MfpClip.Imaging;

namespace MfpClip.Parity.Tests.Imaging;

/// <summary>
/// How AnomalyDINO and SubspaceAD bring images to their size: Pillow's, within the one grey level that the manifests' own recomputation needs.
/// </summary>
public class FewShotPreprocessParityTests
{
    [SkippableFact]
    public void The_shorter_edge_is_resized_and_the_rest_of_a_patch_cut_off()
    {
        string folder = Goldens.Family("anomalydino");
        var settings = Goldens.Manifest("anomalydino").GetProperty("settings");
        int patch = settings.GetProperty("patch_size").GetInt32(), compared = 0;
        foreach (var (kind, setting) in new[] { ("resized", "smaller_edge_size"), ("odd", "odd"), ("tiny", "tiny") })
        {
            int edge = settings.GetProperty(setting).GetInt32();
            foreach (string file in Directory.EnumerateFiles(folder, $"*.{kind}.png"))
            {
                var source = Read(file.Replace($".{kind}.png", ".png", StringComparison.Ordinal));
                var prepared = new ShorterEdgeResize(edge, patch).Prepare(source);
                Near(file, Read(file), prepared.Pixels);

                // The part that is seen, by the rule in the manifest: what is cut off is less than a patch.
                var (w, h) = source.Width > source.Height ? ((int)((long)edge * source.Width / source.Height), edge)
                    : (edge, (int)((long)edge * source.Height / source.Width));
                Assert.Equal(source.Width * (double)(w / patch * patch) / w, prepared.Covered.Width, 9);
                Assert.Equal(source.Height * (double)(h / patch * patch) / h, prepared.Covered.Height, 9);
                Assert.Equal((0, 0), (prepared.Covered.X, prepared.Covered.Y));
                compared++;
            }
        }

        Assert.True(compared > 0);
    }

    [SkippableFact]
    public void Images_are_squashed_with_and_without_a_crop()
    {
        string folder = Goldens.Family("subspacead");
        var settings = Goldens.Manifest("subspacead").GetProperty("settings");
        int size = settings.GetProperty("image_res").GetInt32(), odd = settings.GetProperty("odd_res").GetInt32(), compared = 0;
        foreach (var (kind, preprocessor) in new (string, IImagePreprocessor)[]
        {
            ("resized", new SquareResize(size)), ("odd", new SquareResize(odd)),
            ("docrop", new ResizeAndCenterCrop(size) { Edge = (int)(size / 0.875), KeepsAspectRatio = false }),
        })
        {
            foreach (string file in Directory.EnumerateFiles(folder, $"*.{kind}.png"))
            {
                Near(file, Read(file), preprocessor.Prepare(Read(file.Replace($".{kind}.png", ".png", StringComparison.Ordinal))).Pixels);
                compared++;
            }
        }

        Assert.True(compared > 0);
    }

    private static RgbImage Read(string path) => new SkiaImageDecoder().Decode(File.ReadAllBytes(path), path, new());

    private static void Near(string name, RgbImage expected, RgbImage found)
    {
        Assert.Equal((expected.Width, expected.Height), (found.Width, found.Height));
        int worst = expected.Data.Zip(found.Data, (a, b) => Math.Abs(a - b)).Max();
        double mean = expected.Data.Zip(found.Data, (a, b) => Math.Abs(a - b)).Average();
        Assert.True(worst <= 1 && mean <= 1e-3, $"{Path.GetFileName(name)}: {worst} grey levels at most, {mean:g3} on average");
    }
}
