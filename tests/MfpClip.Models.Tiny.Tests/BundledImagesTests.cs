namespace MfpClip.Models.Tiny.Tests;

/// <summary>From photo to score with the default model, against scores that were recorded when its weights were made.</summary>
public sealed class BundledImagesTests
{
    // Other processors round in other orders; a score that moves by more means another computation.
    private const double Tolerance = 0.02;

    private static readonly Dictionary<string, double> Recorded = new()
    {
        ["metal_nut-corrosion.png"] = 0.7785, ["metal_nut-good.png"] = 0.5286, ["pill-crack.png"] = 0.5315, ["pill-good.png"] = 0.2501,
        ["tile-good.png"] = 0.2302, ["tile-scratch.png"] = 0.5292, ["wood-good.png"] = 0.7685, ["wood-stain.png"] = 0.9552,
    };

    [SkippableTheory]
    [InlineData("cpu")]
    [InlineData("cuda")]
    public void The_sample_images_have_the_recorded_scores(string device)
    {
        Skip.IfNot(TinyModel.IsAvailable, "This build carries no weights: see docs/tiny-model.md.");
        Skip.IfNot(device == "cpu"
            || MfpClipEnvironment.Check().CudaAvailable, "libtorch finds no CUDA device here: no GPU, no driver, or the libtorch-cpu package.");
        string folder = Folder();
        using var detector = new ZeroShotDetectorBuilder().UseDefaultModel().UseDevice(device).Build();
        var wrong = new List<string>();
        foreach (string file in Directory.GetFiles(folder, "*.png").Order(StringComparer.Ordinal))
        {
            string name = Path.GetFileName(file);
            double score = detector.Detect(file).Score;
            if (!Recorded.TryGetValue(name, out double expected) || Math.Abs(score - expected) > Tolerance)
            {
                wrong.Add(FormattableString.Invariant($"{name}: {score:0.0000}, recorded {expected:0.0000}"));
            }
        }

        Assert.Empty(wrong);
    }

    private static string Folder()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "MfpClip.sln")))
            {
                return Path.Combine(folder.FullName, "samples", "images");
            }
        }

        throw new DirectoryNotFoundException("The sample images were not found beside the solution.");
    }
}
