using MfpClip.Backbones.Cnn;
using MfpClip.Methods.WinClip;
using MfpClip.Tests.Detection;
using MfpClip.Text;

namespace MfpClip.Tests.Methods.WinClip;

public class WinClipDetectorTests
{
    private static PromptTemplates Short { get; } = PromptEnsembles.WinClip with { Templates = ["a photo of a [state]."] };

    private static ZeroShotDetectorBuilder Builder(WinClipOptions? options = null) => new ZeroShotDetectorBuilder()
        .UseRandomBackbone(ZeroShotDetectorTests.Config, 3).WithImageSize(56).UseWinClip(options ?? new() { Templates = Short });

    [Fact]
    public void It_is_a_preset_of_the_builder_with_the_papers_settings()
    {
        using var detector = new ZeroShotDetectorBuilder()
            .UseRandomBackbone(ZeroShotDetectorTests.Config with { Vision = ZeroShotDetectorTests.Config.Vision with { ImageSize = 70 } })
            .UseWinClip().Build();

        Assert.StartsWith("WinCLIP (arXiv 2303.14814)", detector.Description.Method, StringComparison.Ordinal);
        Assert.Equal(70, detector.Description.ImageSize); // that of the backbone: no position is interpolated
        Assert.Contains(detector.Description.Stages, s => s.Options.GetValueOrDefault("scales") == "2 x 2, 3 x 3");
        Assert.Contains(detector.Description.Stages, s => s.Options.GetValueOrDefault("temperature") == "0.07");
    }

    [Fact]
    public void Maps_and_scores_are_probabilities_and_the_batch_does_not_matter()
    {
        using var detector = Builder().Build();
        var pictures = new ImageInput[] { ZeroShotDetectorTests.Picture(1), ZeroShotDetectorTests.Picture(2) };

        var both = detector.DetectBatch(pictures, new() { ClassName = "bolt" });
        var alone = detector.Detect(pictures[1], new() { ClassName = "bolt" });

        Assert.All(both, r => Assert.All(r.ModelMap.Data, v => Assert.InRange(v, 0, 1)));
        Assert.Equal(both[1].Score, alone.Score, 5);
        Assert.Equal(both[1].ModelMap.Data.Max(), alone.ModelMap.Data.Max(), 5);
    }

    [Fact]
    public void The_window_batch_changes_no_value()
    {
        using var large = Builder(new() { Templates = Short }).Build();
        using var small = Builder(new() { Templates = Short, WindowBatch = 2 }).Build();

        var (a, b) = (large.Detect(ZeroShotDetectorTests.Picture(1)), small.Detect(ZeroShotDetectorTests.Picture(1)));

        Assert.All(a.ModelMap.Data.Zip(b.ModelMap.Data), p => Assert.Equal(p.First, p.Second, 1e-5f));
    }

    [Fact]
    public void A_reference_that_is_the_image_itself_halves_map_and_score()
    {
        var picture = ZeroShotDetectorTests.Picture(1);
        using var zeroShot = Builder().Build();
        using var fewShot = Builder(new() { Templates = Short, ClassReferences = new Dictionary<string, IReadOnlyList<ImageInput>> { ["bolt"] = [picture] } })
            .Build();

        var expected = zeroShot.Detect(picture, new() { ClassName = "bolt" });
        var actual = fewShot.Detect(picture, new() { ClassName = "bolt" });

        // Every patch and window finds itself: F = 0, so the map is M / 2 and the score s_img / 2.
        Assert.StartsWith("WinCLIP+", fewShot.Description.Method, StringComparison.Ordinal);
        Assert.Equal(expected.Score / 2, actual.Score, 4);
        Assert.All(expected.ModelMap.Data.Zip(actual.ModelMap.Data), p => Assert.Equal(p.First / 2, p.Second, 4));
        // no references of that class
        Assert.Equal(zeroShot.Detect(picture, new() { ClassName = "nut" }).Score, fewShot.Detect(picture, new() { ClassName = "nut" }).Score, 6);
    }

    [Fact]
    public void Outside_the_region_of_interest_the_map_is_zero()
    {
        using var detector = Builder().Build();
        var region = RegionOfInterest.Rectangle(90, 60, 0, 0, 45, 60);

        var result = detector.Detect(ZeroShotDetectorTests.Picture(1), new() { RegionOfInterest = region });

        Assert.All(Enumerable.Range(0, 56), y => Assert.Equal(0, result.ModelMap.Data[(y * 56) + 50]));
        Assert.Contains(result.ModelMap.Data, v => v > 0);
    }

    [Fact]
    public void Own_parts_take_the_place_of_the_papers()
    {
        using var detector = Builder(new() { Templates = Short, Scorer = new Fixed() }).Build();

        var result = detector.Detect(ZeroShotDetectorTests.Picture(1));

        Assert.Equal(0.25, result.Score, 6);
        Assert.All(result.ModelMap.Data, v => Assert.Equal(0.25, v, 5)); // the harmonic mean of equal scores
    }

    [Fact]
    public void Every_fault_is_listed()
    {
        var e = Assert.Throws<DetectorConfigurationException>(
            () => Builder(new() { Scales = [2, 2], Stride = 0, Temperature = 0, WindowBatch = 0, Templates = new() { Templates = [] } }).Build());

        Assert.Equal(5, e.Faults.Count);
    }

    [Fact]
    public void A_window_that_does_not_fit_and_modules_it_has_not_are_refused()
    {
        Assert.Contains("does not fit", Assert.Throws<DetectorConfigurationException>(() => Builder(new() { Scales = [5] }).Build()).Message,
            StringComparison.Ordinal);
        Assert.Contains("reads no CNN", Assert.Throws<DetectorConfigurationException>(() => Builder().UseCnn(new ResNetOptions { RandomSeed = 1 })
            .Build()).Message, StringComparison.Ordinal);
        using var detector = Builder().Build();
        Assert.Throws<DetectorConfigurationException>(() => detector.SaveModules(Path.Combine(Path.GetTempPath(), "none.safetensors")));
        Assert.Throws<DetectorConfigurationException>(() => detector.GetTrainable());
    }

    [Fact]
    public void Live_tensors_stay_flat()
    {
        var picture = ZeroShotDetectorTests.Picture(1);
        using var detector = Builder(new() { Templates = Short, References = [picture] }).Build();
        detector.Detect(picture);
        long before = LiveTensors.Settle();

        for (int i = 0; i < 3; i++)
        {
            detector.Detect(ZeroShotDetectorTests.Picture(i));
        }

        Assert.Equal(before, torch.Tensor.TotalCount);
    }

    private sealed class Fixed : IStateScorer
    {
        public StageDescription Describe() => new() { Stage = "state score", Component = "fixed" };

        public Tensor Score(Tensor embeddings, Tensor texts) => torch.full_like(embeddings.select(-1, 0), 0.25);
    }
}
