using MfpClip.Data.Procedural;
using MfpClip.Execution;
using MfpClip.Imaging;
using MfpClip.Pipeline;
using MfpClip.Tests.Detection;
using MfpClip.Tests.Modules;

namespace MfpClip.Tests.Pipeline;

public sealed class MultiScaleTests
{
    [Fact]
    public void Maps_and_scores_of_all_scales_are_averaged()
    {
        using var scope = torch.NewDisposeScope();
        var stub = new SizesPass();
        using var pass = new MultiScalePass(stub, [1, 0.5, 1.5], patch: 4);
        using var trace = new ForwardTrace();

        var (map, score) = pass.Run(ImageBatch.FromPixels(torch.zeros(2, 3, 16, 24)), "x", null, new() { Trace = trace });

        // The stub's map says H / 100 everywhere, its score W / 100. 1.5 x 16 = 24, 0.5 x 16 = 8; 36, 12.
        Assert.Equal([(16, 24), (8, 12), (24, 36)], stub.Sizes);
        Assert.Equal([2, 16, 24], map.shape);
        Assert.Equal((0.16 + 0.08 + 0.24) / 3, map.mean().item<float>(), 1e-6);
        Assert.Equal(0, (map.max() - map.min()).item<float>(), 1e-6);
        Assert.Equal((0.24 + 0.12 + 0.36) / 3, score[1].item<float>(), 1e-6);
    }

    [Fact]
    public void Sides_are_multiples_of_the_patch_and_the_region_goes_along()
    {
        using var scope = torch.NewDisposeScope();
        var stub = new SizesPass();
        using var pass = new MultiScalePass(stub, [1, 0.6], patch: 4);
        using var trace = new ForwardTrace();
        var region = torch.zeros(1, 16, 16);
        region[0, torch.TensorIndex.Slice(0, 8)] = 1f;

        var (map, _) = pass.Run(ImageBatch.FromPixels(torch.zeros(1, 3, 16, 16)), "x", region, new() { Trace = trace });

        Assert.Equal([(16, 16), (8, 8)], stub.Sizes); // 9.6 is nearest to 8
        Assert.Equal([128, 32], stub.RegionSums);
        Assert.Equal(0, map[0, torch.TensorIndex.Slice(8)].abs().max().item<float>());
        Assert.True(map[0, torch.TensorIndex.Slice(0, 8)].min().item<float>() > 0);
    }

    [Fact]
    public void Resizing_keeps_constants_and_slopes_and_does_not_alias()
    {
        using var scope = torch.NewDisposeScope();
        var ramp = torch.arange(32, dtype: ScalarType.Float32).view(1, 1, 1, 32).expand(1, 3, 32, 32);
        var half = MultiScalePass.Resize(ramp, 16, 16);
        // Place t of the half lies between 2 t and 2 t + 1; borders see one side only.
        for (int t = 2; t < 14; t++)
        {
            Assert.Equal((2 * t) + 0.5, half[0, 0, 5, t].item<float>(), 1e-4);
        }

        var stripes = (torch.arange(32) % 2).to_type(ScalarType.Float32).view(1, 1, 1, 32).expand(1, 3, 32, 32);
        var small = MultiScalePass.Resize(stripes, 16, 16).narrow(3, 1, 14);
        Assert.Equal(0, (small - 0.5f).abs().max().item<float>(), 1e-5);
        Assert.Equal(0, (MultiScalePass.Resize(torch.ones(1, 3, 10, 14), 25, 6) - 1).abs().max().item<float>(), 1e-5);
    }

    [Fact]
    public void A_detector_looks_at_every_scale_and_leaves_no_tensor_behind()
    {
        using var one = ZeroShotDetectorTests.Builder().Build();
        using var half = ZeroShotDetectorTests.Builder().WithImageSize(28).Build();
        using var both = ZeroShotDetectorTests.Builder().WithScales(0.5, 1).Build();
        var picture = new RgbImage(60, 60, [.. Enumerable.Repeat((byte)90, 60 * 60 * 3)]); // even, so that resizing changes nothing

        double expected = (one.Detect(picture).Score + half.Detect(picture).Score) / 2;

        Assert.Equal(expected, both.Detect(picture).Score, 1e-4);
        Assert.Equal((56, 56), (both.Detect(picture).ModelMap.Width, both.Detect(picture).ModelMap.Height));
        Assert.Contains(both.Description.Stages, s => s.Stage == "scales" && s.Options["scales"] == "0.5, 1");
        long live = LiveTensors.Settle();
        for (int i = 0; i < 3; i++)
        {
            both.Detect(ZeroShotDetectorTests.Picture(i));
        }

        Assert.Equal(live, torch.Tensor.TotalCount);
    }

    [Theory]
    [InlineData("")]
    [InlineData("0.5")]
    [InlineData("1 1")]
    [InlineData("1 0.01")]
    [InlineData("1 NaN")]
    public void Scales_that_make_no_sense_are_refused(string words)
    {
        double[] scales = [.. words.Split(' ', StringSplitOptions.RemoveEmptyEntries)
            .Select(w => double.Parse(w, System.Globalization.CultureInfo.InvariantCulture))];
        Assert.Contains("scales", Assert.Throws<DetectorConfigurationException>(() => ZeroShotDetectorTests.Builder().WithScales(scales).Build()).Message,
            StringComparison.Ordinal);
    }

    private sealed class SizesPass : IDetectionPass
    {
        public List<(long, long)> Sizes { get; } = [];

        public List<double> RegionSums { get; } = [];

        public string Method => "sizes";

        public IReadOnlyList<StageDescription> Stages => [];

        public Device Device => torch.CPU;

        public ScalarType Precision => ScalarType.Float32;

        public (Tensor Map, Tensor Score) Run(ImageBatch images, string className, Tensor? region, ForwardContext context)
        {
            var (B, H, W) = (images.Count, images.Height, images.Width);
            Sizes.Add((H, W));
            if (region is not null)
            {
                RegionSums.Add(region.sum().item<float>());
            }

            return (torch.full([B, H, W], H / 100f), torch.full([B], W / 100f));
        }

        public void Dispose()
        {
        }
    }
}
